import { byId, say } from './elements.js';

const words = { live: 'live', gone: 'reconnecting', paused: 'paused' };
const sentences = { live: 'Live.', gone: 'The local cloud is gone. Reconnecting.', paused: 'Paused.' };

/** How soon the next refusal may interrupt who listens to the page. */
const quietMs = 5000;

/** Whether what is shown is true now. */
export function createStatus() {
  let state;
  let saidAt = 0;

  return {
    show(next) {
      if (next === state) return;
      // That it is live is news only after it was not.
      if (next !== 'live' || state !== undefined) say(sentences[next]);
      state = next;
      byId('state').dataset.state = next;
      byId('state-text').textContent = words[next];
      byId('gone').hidden = next !== 'gone';
      document.body.classList.toggle('is-gone', next === 'gone');
      byId('pause').setAttribute('aria-pressed', String(next === 'paused'));
      byId('pause-text').textContent = next === 'paused' ? 'Go on' : 'Pause';
    },
    sayRefused({ status, reason }) {
      if (Date.now() - saidAt < quietMs) return;
      saidAt = Date.now();
      say(`A handshake was refused with ${status}: ${reason}.`);
    },
  };
}
