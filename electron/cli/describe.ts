import type { Lab } from '../../core/contract.ts'
import { UserError } from '../../core/errors.ts'
import { META_FEATURES } from '../../core/metafeatures/catalogue.ts'
import type { Output } from './output.ts'
import { textTable } from './table.ts'

/** `engram describe DATASET`: meta-features, one column per target, a sentence beside each. */
export async function describe(lab: Lab, named: string, tasks: boolean, output: Output): Promise<void> {
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
