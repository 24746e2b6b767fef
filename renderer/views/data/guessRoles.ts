import type { ColumnSummary, DatasetSummary } from '../../../core/data/summary.ts'

/**
 * Which columns a person most likely wants to predict, and which say what a row belongs to. Only a proposal: names are
 * the strongest sign, then the last column, as tables are usually written.
 */
const TARGET_NAME =
  /^(y\d*|target|label|class|outcome|response|output|score|result)$|target|label|outcome|species|price|yield|quality|strength|diagnos|grade|mpg|miles_per|updrs|output|目标|标签|类别|产量|价格|得分|结果|质量/i
const TASK_NAME =
  /site|school|subject|patient|person|participant|machine|device|plant|station|region|location|hospital|origin|country|island|field|farm|lab|batch|center|centre|origin|地点|学校|受试|病人|机器|设备|地区|站|医院|产地|批次/i
const ID_NAME = /^(id|index|row|no|nr|number|编号|序号)$|_id$|^id_|uuid/i

export type Candidate = { columns: ColumnSummary[]; score: number }

/** Up to `most` candidates, best first; several columns in one where the file itself names its targets. */
export function guessTargets(summary: DatasetSummary, most = 3): Candidate[] {
  const named = (summary.suggestedTargets ?? []).flatMap((name) => summary.columns.find((c) => c.name === name) ?? [])
  const candidates: Candidate[] = named.length ? [{ columns: named, score: 100 }] : []
  const last = summary.columns.length - 1
  for (const [i, column] of summary.columns.entries()) {
    if (named.includes(column) || !canBeTarget(column, summary.rows)) continue
    const score =
      (TARGET_NAME.test(column.name) ? 10 : 0) +
      (i === last ? 4 : 0) +
      (column.kind === 'number' ? 1 : 0) +
      (column.numbers && !column.numbers.integers ? 1 : 0) -
      (TASK_NAME.test(column.name) ? 4 : 0) +
      i / (100 * (last + 1))
    candidates.push({ columns: [column], score })
  }
  return candidates.sort((a, b) => b.score - a.score).slice(0, most)
}

function canBeTarget(column: ColumnSummary, rows: number): boolean {
  if (column.distinct < 2 || column.kind === 'text') return false
  if (column.kind === 'category') return column.distinct <= Math.max(2, Math.min(50, rows / 5))
  return !(ID_NAME.test(column.name) || (column.numbers?.integers && column.distinct === rows && rows > 20))
}

/** Up to `most` columns that split the rows into tasks: at least two, and on average three rows each. */
export function guessTaskColumns(summary: DatasetSummary, targets: readonly string[], most = 3): ColumnSummary[] {
  const scored = summary.columns.flatMap((column) => {
    if (targets.includes(column.name) || column.kind === 'text' || !column.distinctExact) return []
    const whole = column.kind === 'category' || column.numbers?.integers === true
    if (!whole || column.distinct < 2 || column.distinct * 3 > summary.rows - column.missing) return []
    const score = (TASK_NAME.test(column.name) ? 10 : 0) + (column.kind === 'category' ? 3 : 0)
    return score > 0 ? [{ column, score }] : []
  })
  return scored
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ column }) => column)
}
