import type { MovableClock } from '../../local/clock.ts';
import type { Faults } from '../../local/faults.ts';
import type { LocalCloud } from '../../local/index.ts';
import type { AccessKey } from '../signed-fetch.ts';

/** What a test can do to a local cloud beside using it. */
export interface Controls {
  readonly clock: MovableClock;
  readonly faults: Faults;
  /** Of one who may do everything. */
  readonly credentials: AccessKey;
}

export function controlsOf(cloud: LocalCloud): Controls {
  return cloud as LocalCloud & Controls;
}

/** For a local cloud that does not look at signatures, any will do. */
export function credentialsOf(cloud: LocalCloud): AccessKey {
  return controlsOf(cloud).credentials ?? { accessKeyId: 'test', secretAccessKey: 'test' };
}
