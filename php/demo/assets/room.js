import { element, find } from './element.js';

const CHANNEL = 'presence-room';
const KEPT_MESSAGES = 50;
const TYPING_SHOWN_MS = 3_000;
const TYPING_EVERY_MS = 2_000;

/**
 * The room: who is here by presence, messages through PHP, typing from browser to browser. Undefined on a page without one.
 * @returns the listener for the frames of the socket
 */
export function openRoom() {
  const room = document.querySelector('[data-testid=room]');
  if (!room) return undefined;
  const { user } = room.dataset;
  const people = find('[data-testid=people]', room);
  const messages = find('[data-testid=messages]', room);
  const typing = find('[data-testid=typing]', room);
  const trouble = find('[data-testid=trouble]', room);
  const form = find('[data-testid=say]', room);
  const input = find('input', form);
  const members = new Map();
  const typists = new Map();
  let sendFrame = () => {};
  let typedAt = 0;

  form.addEventListener('submit', async (submission) => {
    submission.preventDefault();
    const text = input.value.trim();
    if (text === '') return;
    const fault = await say(text);
    trouble.textContent = fault ?? '';
    // Unsent text stays, so that the user can send it again.
    if (fault === undefined && input.value.trim() === text) form.reset();
    typedAt = 0;
  });
  form.addEventListener('input', () => {
    if (Date.now() - typedAt < TYPING_EVERY_MS) return;
    typedAt = Date.now();
    sendFrame({ event: 'client-typing', channel: CHANNEL, data: {} });
  });

  const acts = {
    'pusher:connection_established': () => sendFrame({ event: 'pusher:subscribe', data: { channel: CHANNEL } }),
    'pusher_internal:subscription_succeeded': ({ presence }) => {
      members.clear();
      for (const [id, info] of Object.entries(presence.hash)) members.set(id, info);
      showPeople();
    },
    'pusher_internal:member_added': ({ user_id, user_info }) => {
      members.set(user_id, user_info);
      showPeople();
    },
    'pusher_internal:member_removed': ({ user_id }) => {
      members.delete(user_id);
      stopTyping(user_id);
      showPeople();
    },
    'pusher:subscription_error': ({ error }) => {
      trouble.textContent = error;
    },
    message: ({ from, text }) => {
      stopTyping(from);
      showMessage(from, text);
    },
    'client-typing': (_data, { user_id = '' }) => {
      clearTimeout(typists.get(user_id));
      typists.set(
        user_id,
        setTimeout(() => stopTyping(user_id), TYPING_SHOWN_MS),
      );
      showTyping();
    },
  };

  return (frame, send) => {
    sendFrame = send;
    const isOurs = frame.channel === CHANNEL || frame.event === 'pusher:connection_established';
    if (isOurs && Object.hasOwn(acts, frame.event)) acts[frame.event]?.(frame.data, frame);
  };

  function showPeople() {
    const names = [...members].map(([id, info]) => Object.assign(element('li', info?.name ?? id), { title: id }));
    people.replaceChildren(...names);
  }

  function showMessage(from, text) {
    const row = element('li');
    row.classList.toggle('own', from === user);
    row.append(element('b', members.get(from)?.name ?? from), element('span', text));
    const isAtEnd = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 40;
    messages.append(row);
    while (messages.children.length > KEPT_MESSAGES) messages.firstElementChild?.remove();
    if (isAtEnd) messages.scrollTop = messages.scrollHeight;
  }

  function stopTyping(id) {
    clearTimeout(typists.get(id));
    typists.delete(id);
    showTyping();
  }

  function showTyping() {
    const names = [...typists.keys()].map((id) => members.get(id)?.name ?? id);
    typing.textContent = names.length === 0 ? '' : `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} typing…`;
  }
}

/** @returns undefined, or a sentence about why nobody heard it */
async function say(text) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('/say', { method: 'POST', headers, body: JSON.stringify({ text }) }).catch(
    () => undefined,
  );
  if (answer?.ok) return undefined;
  const { error } = (await answer?.json().catch(() => undefined)) ?? {};
  return error ?? 'That could not be sent. Try again.';
}
