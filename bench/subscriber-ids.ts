/** Connection ids like those of API Gateway within one hour: they share a prefix. Every run gets the same ones. */
export function subscriberIds(count: number): string[] {
  return Array.from({ length: count }, (_, n) => {
    const bytes = Buffer.from('2f448cf5c385bc70822100', 'hex');
    // With an odd factor, different numbers below 2 ** 32 stay different.
    bytes.writeUInt32BE(Math.imul(n, 2_654_435_761) >>> 0, 4);
    return bytes.toString('base64');
  });
}
