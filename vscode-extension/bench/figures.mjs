// Defines how figures are summed up.

/** The value that a share of the values does not exceed; p is in 0…1. */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(p * sorted.length) - 1)];
}

/** "median 88 ms, p95 120 ms, longest 130 ms (60 times)" */
export function summary(values) {
  const ms = (n) => `${n < 10 ? n.toFixed(1) : Math.round(n)} ms`;
  return `median ${ms(percentile(values, 0.5))}, p95 ${ms(percentile(values, 0.95))}, longest ${ms(Math.max(...values))} (${values.length} times)`;
}
