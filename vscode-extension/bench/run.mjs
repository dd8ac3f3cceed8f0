// Measures what a user waits for, in a real workbench with the packaged extension:
//
//   node bench/run.mjs [fuzz] [paint] [start] [large]
//
// Without arguments, everything. Each line that is printed has a figure and, where there is
// one, the goal. Figures are of this machine as busy as it is; nothing fails for them.
import os from 'node:os';
import { measureFuzz } from './fuzz.mjs';
import { measureLarge } from './large.mjs';
import { measurePaint } from './paint.mjs';
import { measureStart } from './start.mjs';

const measures = { fuzz: measureFuzz, paint: measurePaint, start: measureStart, large: measureLarge };
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in measures));
if (unknown.length > 0) {
  console.error(`there is nothing to measure called ${unknown.join(', ')}: choose from ${Object.keys(measures).join(', ')}`);
  process.exit(2);
}
console.log(`${os.cpus().length} × ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`);
for (const [name, measure] of Object.entries(measures)) {
  if (wanted.length === 0 || wanted.includes(name)) await measure((line) => console.log(line));
}
