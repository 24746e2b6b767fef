import type { Cells } from './cells.ts'
import type { Figures } from './catalogue.ts'
import { mean, quantile } from './moments.ts'

/**
 * Entropies in bits, and mutual information I(x; y) = H(x) + H(y) - H(x, y), rows where the column is empty left out.
 * Numbers are cut into floor(n^(1/3)) parts of equally many rows, as pymfe does.
 */
export function information({ numbers, categories, y, counts }: Cells): Figures {
  const target = counts.length ? Int32Array.from(y) : parts(y)
  const columns = [...numbers.map(parts), ...categories]
  const found = columns.flatMap((column) => {
    const rows = [...column.keys()].filter((row) => column[row] >= 0)
    if (!rows.length) return []
    const own = entropy(rows.map((row) => column[row]))
    const asked = entropy(rows.map((row) => target[row]))
    const joint = entropy(rows.map((row) => column[row] * 65_536 + target[row]))
    return [{ own, joint, mutual: Math.max(0, own + asked - joint) }]
  })
  const classEntropy = entropy([...target])
  if (!found.length) return { class_ent: classEntropy }
  const attribute = mean(found.map((f) => f.own))
  const mutual = mean(found.map((f) => f.mutual))
  return {
    'attr_ent.mean': attribute,
    class_ent: classEntropy,
    'joint_ent.mean': mean(found.map((f) => f.joint)),
    'mut_inf.mean': mutual,
    'mut_inf.max': Math.max(...found.map((f) => f.mutual)),
    ...(mutual > 1e-12 ? { eq_num_attr: classEntropy / mutual, ns_ratio: (attribute - mutual) / mutual } : {}),
  }
}

/** [row] the part that a number lies in, -1 where empty. Equal edges are one edge. */
function parts(column: Float64Array): Int32Array {
  const sorted = column.filter((v) => v === v).sort()
  const bins = Math.max(2, Math.floor(Math.cbrt(sorted.length) + 1e-9))
  const edges = [...new Set(Array.from({ length: bins - 1 }, (_, i) => quantile(sorted, (i + 1) / bins)))]
  return Int32Array.from(column, (v) => (v === v ? edges.filter((edge) => v >= edge).length : -1))
}

function entropy(codes: number[]): number {
  const counts = new Map<number, number>()
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / codes.length) * Math.log2(count / codes.length)
  return bits
}
