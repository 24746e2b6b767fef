/**
 * An order of rows in which neighbours are alike: a chain that starts at the row farthest from the middle and always
 * goes on to the nearest row not yet taken (squared distance, nulls count as 0).
 */
export function alike(rows: readonly (readonly (number | null)[])[]): number[] {
  if (rows.length < 3) return rows.map((_, i) => i)
  const distance = (a: readonly (number | null)[], b: readonly (number | null)[]) =>
    a.reduce<number>((sum, value, i) => sum + ((value ?? 0) - (b[i] ?? 0)) ** 2, 0)
  const middle = rows[0].map((_, c) => rows.reduce((sum, row) => sum + (row[c] ?? 0), 0) / rows.length)
  const left = new Set(rows.keys())
  const take = (cost: (row: number) => number) => {
    let best = -1
    let least = Infinity
    for (const row of left) {
      const own = cost(row)
      if (own < least) [best, least] = [row, own]
    }
    left.delete(best)
    return best
  }
  const order = [take((row) => -distance(rows[row], middle))]
  while (left.size) {
    const last = rows[order[order.length - 1]]
    order.push(take((row) => distance(rows[row], last)))
  }
  return order
}
