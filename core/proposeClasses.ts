import type { ColumnSummary, DatasetSummary } from './data/summary.ts'
import { Roles } from './data/roles.ts'
import { Evaluation } from './experiment.ts'
import type { Candidate, Reason } from './propose.ts'

/**
 * Images ask for one thing: to tell classes apart from few examples of each. Which column names the class, and a
 * protocol that the number of classes and of images allows.
 */
const LABEL_NAME = /^(y|labels?|class(es)?|targets?|category|character|digit|letter|species|标签|类别|字符|数字|目标)$/i

export const hasImages = ({ tensors }: DatasetSummary): boolean => (tensors ?? []).some(({ shape }) => shape.length > 2)

/** Columns that may name the class of an image, the likeliest first. */
export function classCandidates({ columns, rows }: DatasetSummary): Candidate[] {
  return columns
    .flatMap((column, i): Candidate[] => {
      const whole = column.kind !== 'number' || column.numbers?.integers === true
      const each = imagesPerClass(column, rows)
      if (!whole || !column.distinctExact || column.distinct < 4 || each < 2) return []
      const named = LABEL_NAME.test(column.name)
      const params = { classes: column.distinct, rows: Math.round(each) }
      const reasons: Reason[] = [
        { code: 'classes', params, text: `${params.classes} classes with about ${params.rows} images each.` },
      ]
      if (named)
        reasons.unshift({
          code: 'target-name',
          params: { name: column.name },
          text: `"${column.name}" is a usual name for a class.`,
        })
      return [
        {
          column: column.name,
          reasons,
          examples: column.examples.slice(0, 3),
          score: (named ? 3 : 0) - i / columns.length,
        },
      ]
    })
    .sort((a, b) => b.score - a.score)
    .slice(0, 3)
}

export function classRoles({ columns }: DatasetSummary, target: string | undefined): Roles {
  const column = columns.find(({ name }) => name === target)
  return Roles.parse({
    targets: column ? [column.name] : [],
    ignore: columns.filter((other) => other !== column).map(({ name }) => name),
    ...(column?.kind === 'number' ? { kinds: { [column.name]: 'category' } } : {}),
  })
}

/** Five classes with five examples each, or as many as there are; half of few classes are tested on. */
export function classEvaluation({ columns, rows }: DatasetSummary, target: string): Evaluation {
  const column = columns.find(({ name }) => name === target) as ColumnSummary
  const testFraction = column.distinct < 20 ? 0.5 : 0.25
  const each = Math.floor(imagesPerClass(column, rows))
  const shots = Math.max(1, Math.min(5, Math.floor(each / 4)))
  return Evaluation.parse({
    protocol: 'few-shot',
    ways: Math.max(2, Math.min(5, Math.floor(testFraction * column.distinct))),
    shots,
    queries: Math.max(1, Math.min(15, each - shots)),
    testFraction,
  })
}

const imagesPerClass = (column: ColumnSummary, rows: number): number =>
  column.distinct ? (rows - column.missing) / column.distinct : 0
