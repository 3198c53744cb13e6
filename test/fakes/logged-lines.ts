import type { Log, Occurrence } from '../../functions/edge/telemetry.ts';

/** Records log lines instead of writing them. */
export class LoggedLines {
  readonly lines: {
    level: string;
    message: string | undefined;
    fields: object;
    counts: Partial<Record<Occurrence, number>>;
  }[] = [];

  readonly log: Log = (level, message, fields, counts) => {
    this.lines.push({ level, message, fields, counts });
  };

  get messages(): readonly string[] {
    return this.lines.flatMap(({ message }) => message ?? []);
  }

  count(occurrence: Occurrence): number {
    return this.lines.reduce((sum, { counts }) => sum + (counts[occurrence] ?? 0), 0);
  }
}
