import { type Check, notChecked } from '../check.ts';

/** What only the server itself can tell; said, so that nobody takes silence for health. */
export const phpIni: Check = {
  name: 'php.ini',
  question: 'Are the settings of sessions safe?',
  judge: () => notChecked('look yourself (php -i): use_trans_sid 0, use_only_cookies 1, the save handler'),
};

export const expiry: Check = {
  name: 'expiry',
  question: 'Does a session end when it should?',
  judge: () => notChecked('look yourself: gc_maxlifetime is no end, the app keeps one of its own'),
};

export const rotation: Check = {
  name: 'rotation',
  question: 'Does the id change at login?',
  judge: () => notChecked('look yourself: session_regenerate_id(true) before the login fills $_SESSION'),
};
