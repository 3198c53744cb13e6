const width = 720;
const height = 300;
const left = 64;
const right = 16;
const top = 44;
const bottom = 48;

/**
 * Draws posts per second over the time of a broadcast, beside the account's quota. The chart is readable on light and
 * dark pages, and needs no script.
 * @param tenths deliveries in each tenth of a second
 */
export function drawBroadcast(tenths: readonly number[], quota: number): string {
  const seconds = Math.max(1, Math.ceil(tenths.length / 10));
  const rates = tenths.map((count) => count * 10);
  const most = Math.max(quota, ...rates) * 1.05;
  const x = (second: number) => left + ((width - left - right) * second) / seconds;
  const y = (rate: number) => height - bottom - ((height - top - bottom) * rate) / most;
  const total = tenths.reduce((sum, count) => sum + count, 0).toLocaleString('en-US');
  const ticks = Array.from({ length: seconds + 1 }, (_, n) => n).filter((n) => n % Math.ceil(seconds / 12) === 0);
  const levels = [0, quota / 2, quota];
  const bars = rates.map((rate, n) => {
    const [from, to] = [x(n / 10), x((n + 1) / 10)];
    return `<rect x="${round(from)}" y="${round(y(rate))}" width="${round(to - from - 0.5)}" height="${round(y(0) - y(rate))}"/>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">
<title id="title">One event to ${total} sockets: posts per second over time</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a }
.head { font-weight: 600; font-size: 15px }
.bars { fill: #2f81f7 }
.axis { stroke: #8c959f; stroke-width: 1 }
.quota { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 6 4 }
.quota-name { fill: #cf222e }
@media (prefers-color-scheme: dark) { text { fill: #9da7b3 } .quota { stroke: #ff7b72 } .quota-name { fill: #ff7b72 } }
</style>
<text class="head" x="${left}" y="20">One event to ${total} sockets</text>
<g class="bars">
${bars.join('\n')}
</g>
<line class="axis" x1="${left}" y1="${y(0)}" x2="${width - right}" y2="${y(0)}"/>
<line class="quota" x1="${left}" y1="${round(y(quota))}" x2="${width - right}" y2="${round(y(quota))}"/>
<line class="quota" x1="${width - right - 300}" y1="16" x2="${width - right - 270}" y2="16"/>
<text class="quota-name" x="${width - right}" y="20" text-anchor="end">the account's quota, ${quota.toLocaleString('en-US')} a second</text>
${levels.map((rate) => `<text x="${left - 8}" y="${round(y(rate) + 4)}" text-anchor="end">${rate.toLocaleString('en-US')}</text>`).join('\n')}
${ticks.map((second) => `<text x="${round(x(second))}" y="${height - bottom + 20}" text-anchor="middle">${second}</text>`).join('\n')}
<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">seconds since the first post; each bar is a tenth, as posts per second</text>
</svg>
`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
