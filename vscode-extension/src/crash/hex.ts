// This file shows bytes as rows of hexadecimal numbers with their text beside them.


export interface HexRow {
  offset: string;
  hex: string;
  text: string;
}

/** Rows of rowLength bytes (an even number), of at most limit bytes. */
export function hexRows(bytes: Uint8Array, rowLength: number, limit: number): HexRow[] {
  const rows: HexRow[] = [];
  const end = Math.min(bytes.length, limit);
  for (let at = 0; at < end; at += rowLength) {
    const row = [...bytes.subarray(at, Math.min(at + rowLength, end))];
    const pairs = row.map((b) => b.toString(16).padStart(2, '0'));
    const half = rowLength / 2;
    const hex = [pairs.slice(0, half).join(' '), pairs.slice(half).join(' ')].join('  ').padEnd(rowLength * 3);
    rows.push({ offset: at.toString(16).padStart(6, '0'), hex, text: row.map(printable).join('') });
  }
  return rows;
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
