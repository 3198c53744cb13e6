import { type Check, notChecked } from '../check.ts';

/** What only the server itself can tell; said, so that nobody takes silence for health. */
export const phpIni: Check = {
  name: 'php.ini',
  question: 'Are the settings of sessions safe?',
  judge: () =>
    notChecked('use_trans_sid = 0, use_only_cookies = 1 and the save handler cannot be seen from outside: php -i'),
};

export const expiry: Check = {
  name: 'expiry',
  question: 'Does a session end when it should?',
  judge: () => notChecked('gc_maxlifetime is no end: only the app can compare a time of its own in $_SESSION'),
};

export const rotation: Check = {
  name: 'rotation',
  question: 'Does the id change at login?',
  judge: () => notChecked('it takes a login: session_regenerate_id(true) before $_SESSION is filled'),
};
