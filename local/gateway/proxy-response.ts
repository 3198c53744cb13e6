import { validateHeaderName, validateHeaderValue } from 'node:http';
import { parseJson } from '../http/body.ts';
import type { InvocationResult } from '../lambda/invocation.ts';

/** What a Lambda proxy integration answers. */
export interface ProxyResponse {
  readonly statusCode: number;
  readonly body: string;
  header(name: string): string | undefined;
}

/** @returns undefined when the integration failed or its answer is not a proxy response */
export function readProxyResponse(result: InvocationResult): ProxyResponse | undefined {
  if (result.outcome === 'failed') return undefined;
  const answer = parseJson(result.payload);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;

  const { statusCode, body = '', headers = {}, multiValueHeaders = {} } = answer as Record<string, unknown>;
  const status = readStatusCode(statusCode);
  if (status === undefined) return undefined;
  if (body !== null && typeof body !== 'string') return undefined;
  if (typeof headers !== 'object' || typeof multiValueHeaders !== 'object') return undefined;
  const all = [...Object.entries(headers ?? {}), ...Object.entries(multiValueHeaders ?? {})];
  return {
    statusCode: status,
    body: body ?? '',
    header(name) {
      const value: unknown = all.find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
      return readHeaderValue(Array.isArray(value) ? value[0] : value);
    },
  };
}

/** @returns undefined for what is no status; objects are none even where JavaScript would make a number of them */
export function readStatusCode(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const status = Number(value);
  return Number.isInteger(status) && status >= 100 && status <= 599 ? status : undefined;
}

/** @returns undefined for what is no text */
export function readHeaderValue(value: unknown): string | undefined {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isText ? String(value) : undefined;
}

/** Whether HTTP can carry it: after a line break in a value would stand another header. */
export function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}
