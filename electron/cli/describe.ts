import type { Lab } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import { META_FEATURES } from '../../core/metafeatures/catalogue.ts'
import type { Output } from './output.ts'
import { textTable } from './table.ts'

export type DescribeOptions = { tasks?: boolean; shots?: number; nearest?: string | true }

/** `engram describe DATASET`: meta-features, one column per target, a sentence beside each; or, with --shots, the check. */
export async function describe(lab: Lab, named: string, options: DescribeOptions, output: Output): Promise<void> {
  const { tasks, shots } = options
  if (shots !== undefined) return enough(lab, named, shots, output)
  if (options.nearest) return nearest(lab, named, options.nearest, output)
  const dataset = await findDataset(lab, named)
  const { described } = await lab.call('data.describe', { hash: dataset.hash })
  const wholes = described.filter(({ task }) => task === null)
  const own = described.filter(({ task }) => task !== null)
  const shown = tasks ? [...wholes, ...own] : wholes
  const head = ['figure', ...shown.map(({ task, target }) => task ?? target), 'what it says']
  const figure = (value: number | undefined) => (value === undefined ? '-' : String(Number(value.toPrecision(4))))
  const rows = META_FEATURES.filter(({ name }) => shown.some(({ figures }) => name in figures)).map(
    ({ name, about }) => [name, ...shown.map(({ figures }) => figure(figures[name])), about],
  )
  const more = own.length && !tasks ? [`${own.length} tasks have figures of their own: --tasks shows them.`] : []
  const text = [`${dataset.name} (${dataset.hash})`, '', textTable(head, rows), '', ...more].join('\n')
  output.result({ dataset, described }, text)
}

const WHY = {
  'not-few-shot': 'This is asked of tasks that are learned from few rows.',
  generator: 'Made-up tasks are drawn as often as wanted: there are enough.',
  classes: 'This is asked of tasks that a column names, with one target of numbers or two classes.',
  'few-tasks': 'Too few tasks with more rows than are labelled: it cannot be said.',
}
const RIVALS = {
  level: 'the mean of the other tasks',
  alone: 'ridge on its own few rows',
  line: 'one line for all tasks',
  curve: 'one curve for all tasks',
  lines: 'the hierarchical linear model',
}

/** `engram describe DATASET --shots N`: is meta-learning worth its price here? */
async function enough(lab: Lab, named: string, shots: number, output: Output): Promise<void> {
  const dataset = await findDataset(lab, named)
  const spec = {
    data: { hash: dataset.hash },
    methods: [{ id: 'mean' }],
    evaluation: { protocol: 'few-shot' as const, shots },
  }
  const answer = await lab.call('experiment.enough', { spec })
  const { advice, why, record } = answer
  if (!advice) return output.result({ dataset, ...answer }, why ? WHY[why] : '')
  const { chance, rival, probe } = advice
  const left = Object.entries(probe.errors).map(([way, error]) => [way, (100 * error).toFixed(1)])
  const percent = Math.round(100 * chance)
  const text = [
    chance > 0.5
      ? `Meta-learning is likely to pay: ${percent} % chance to beat the plain methods.`
      : `Meta-learning will probably not pay: ${percent} % chance to beat the plain methods. Begin with ${RIVALS[rival]}.`,
    `${probe.tasks} tasks to learn from, of about ${probe.rows} rows; ${Math.round(100 * probe.between)} % of the variance lies between tasks.`,
    '',
    textTable(['from few rows of a task left out', 'variance not told, %'], left),
    '',
    `On ${record.n} other sets of tasks such advice was right ${record.advice.hits} times; always no ${record.never.hits}, always yes ${record.always.hits}.`,
    `Brier score ${record.advice.brier}; always no ${record.never.brier}, always yes ${record.always.brier}.`,
  ]
  output.result({ dataset, ...answer }, text.join('\n'))
}

const BY = {
  features: 'By meta-features',
  lines: 'By lines of their own',
  model: 'By the heads of the model',
  transfer: 'By measured transfer',
}

/** `engram describe DATASET --nearest [RUN]`: the tasks most like each, the nearest first. */
async function nearest(lab: Lab, named: string, run: string | true, output: Output): Promise<void> {
  const dataset = await findDataset(lab, named)
  const { ways } = await lab.call('tasks.nearest', { hash: dataset.hash, ...(run === true ? {} : { run }) })
  const text = ways.flatMap(({ by, tasks, from }) => {
    const rows = tasks.map((own) => [own.task, own.nearest.map((t) => `${t.task} ${t.distance.toFixed(2)}`).join(', ')])
    return [
      from ? `${BY[by]} (${from.name})` : BY[by],
      rows.length ? textTable(['task', 'nearest, with distance'], rows) : 'There are not two tasks.',
      '',
    ]
  })
  output.result({ dataset, ways }, text.join('\n'))
}

/** By its name, or by its hash or the beginning of it. */
async function findDataset(lab: Lab, named: string) {
  const { datasets } = await lab.call('data.list', {})
  const found = datasets.filter(({ name, hash }) => name === named || (named.length >= 6 && hash.startsWith(named)))
  if (found.length === 1) return found[0]
  throw new UserError({
    code: 'data.which',
    who: 'Data set',
    rule: 'must name one data set of the workspace, by its name or the beginning of its hash (6 letters or more).',
    got: found.length ? `"${named}", which names ${found.length}` : `"${named}"`,
    remedy: datasets.length
      ? `There are: ${datasets.map(({ name, hash }) => `${name} (${hash.slice(0, 12)})`).join(', ')}.`
      : 'Import one first: engram import FILE -w W.engram.',
  })
}
