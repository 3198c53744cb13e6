import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';

export const systemClock: Clock = { now: () => Date.now(), pause: (milliseconds) => pause(milliseconds) };
