import { describe } from 'vitest';
import { describeRows } from '../contract/rows.ts';

describe('dynalite', () => describeRows('dynalite'));
