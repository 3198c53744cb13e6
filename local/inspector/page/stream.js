/** How soon the next attempt follows. It is this machine: nobody is spared by waiting longer. */
const retryMs = 1000;

/**
 * Follows /_local/events: everything first, then what changes. Each attempt begins anew, so nothing can be missing after a gap.
 * @param onState told 'live', 'gone' or 'paused'
 * @param onBatch told a batch, and whether it is everything
 */
export function followEvents(onState, onBatch) {
  let source;
  let timer;
  let isPaused = false;

  function open() {
    stop();
    source = new EventSource('/_local/events');
    source.addEventListener('snapshot', ({ data }) => {
      onState('live');
      onBatch(JSON.parse(data), true);
    });
    source.addEventListener('changes', ({ data }) => onBatch(JSON.parse(data), false));
    source.addEventListener('error', () => {
      stop();
      onState('gone');
      timer = setTimeout(open, retryMs);
    });
  }

  function stop() {
    clearTimeout(timer);
    source?.close();
  }

  // A page that nobody looks at costs nothing, and comes back with everything.
  document.addEventListener('visibilitychange', () => {
    if (isPaused) return;
    if (document.hidden) stop();
    else open();
  });
  // A browser opens few connections to one host: a page that was left must not keep one.
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', ({ persisted }) => persisted && !isPaused && open());
  open();

  return {
    get isPaused() {
      return isPaused;
    },
    toggle() {
      isPaused = !isPaused;
      if (!isPaused) return open();
      stop();
      onState('paused');
    },
  };
}
