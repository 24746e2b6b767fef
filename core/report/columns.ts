/** Text in aligned columns for a terminal: East Asian letters are two columns wide, numbers stand flush right. */

/** Columns that a text takes in a terminal with fixed-width letters. */
export function textWidth(text: string): number {
  let width = 0
  for (const letter of text) {
    const code = letter.codePointAt(0) as number
    if (/\p{Mark}/u.test(letter)) continue
    width += WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1
  }
  return width
}

const WIDE = [
  [0x1100, 0x115f], [0x2e80, 0x303e], [0x3041, 0x4dbf], [0x4e00, 0xa4cf], [0xac00, 0xd7a3],
  [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff00, 0xff60], [0xffe0, 0xffe6], [0x1f300, 0x1faff], [0x20000, 0x3fffd],
] // prettier-ignore

export type TextColumn = { title: string; flush: 'left' | 'right' }

/** Rows under their titles with a rule between; control characters of hostile names are made visible. */
export function textColumns(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const shown = rows.map((row) => row.map(visible))
  const titles = columns.map((column) => visible(column.title))
  const widths = columns.map((_, i) => Math.max(...[titles, ...shown].map((row) => textWidth(row[i]))))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => {
        const room = ' '.repeat(widths[i] - textWidth(cell))
        return columns[i].flush === 'right' ? room + cell : cell + room
      })
      .join('  ')
      .trimEnd()
  return [line(titles), widths.map((width) => '─'.repeat(width)).join('  '), ...shown.map(line)]
}

/** A terminal obeys control characters, so none gets there. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·')
}
