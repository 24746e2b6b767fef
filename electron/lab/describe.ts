import type { DataRef } from '../../core/experiment.ts'
import type { Roles } from '../../core/data/roles.ts'
import type { Described } from '../../core/metafeatures/describe.ts'
import { headPoints, nearestByTransfer, nearestOf, type Nearest } from '../../core/metafeatures/neighbours.ts'
import { propose } from '../../core/propose.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf } from './data.ts'
import { resolve } from './experiments.ts'
import { cannotDo } from './cannot.ts'
import { trainedModel } from './models.ts'
import type { Asked, Found, What } from './study.ts'
import type { ExperimentRow } from './workspace/records.ts'

/** Answers kept: the same question of the same data costs nothing. */
const KEPT = 100

/** Asks the analyst about a data set; the same question is asked once. */
export function studies(c: Context) {
  const kept = new Map<string, Promise<unknown>>()
  return function study<W extends What>(what: W, ref: DataRef, asked: Asked<W>): Promise<Found<W>> {
    const { data } = c.store.load(ref)
    const key = JSON.stringify([what, data.key, asked])
    const known = kept.get(key) as Promise<Found<W>> | undefined
    if (known) return known
    const answer = c.pool.study({ what, data, asked })
    kept.set(key, answer)
    answer.catch(() => kept.delete(key))
    if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
    return answer
  }
}

function refOf(c: Context, hash: string, roles: Roles | undefined): DataRef {
  const dataset = datasetOf(c, hash)
  return { hash, roles: roles ?? dataset.roles ?? propose(dataset.summary).roles }
}

/** What the newest experiment that measured transfer between these tasks says; that of the run, where it did. */
async function byTransfer(
  c: Context,
  related: Handlers<'experiment.relations'>['experiment.relations'],
  { hash, roles }: DataRef,
  run: string | undefined,
): Promise<Nearest[]> {
  const asked = run === undefined ? undefined : c.workspace.records.run(run)?.experiment
  const same = ({ spec }: ExperimentRow) =>
    spec.data.roles?.task === roles?.task &&
    roles?.targets.join('\n') === (spec.data.roles?.targets ?? roles?.targets)?.join('\n')
  const known = c.workspace.records
    .experiments()
    .filter((row) => row.dataHash === hash && !row.binned && row.spec.relations && same(row))
    .sort((a, b) => Number(b.id === asked) - Number(a.id === asked))
  for (const { id, name } of known) {
    const { relations } = await related({ id })
    const tasks = relations ? nearestByTransfer(relations) : []
    if (tasks.length) return [{ by: 'transfer', tasks, from: { experiment: id, name } }]
  }
  return []
}

export type Ask = ReturnType<typeof studies>

export function describeCalls(
  c: Context,
  study: Ask,
  related: Handlers<'experiment.relations'>['experiment.relations'],
): Handlers<'data.describe' | 'tasks.nearest' | 'experiment.enough'> {
  return {
    async 'data.describe'({ hash, roles }) {
      const described: Described[] = await study('describe', refOf(c, hash, roles), null)
      return { described }
    },

    async 'tasks.nearest'({ hash, roles, run }) {
      const ref = refOf(c, hash, roles)
      const before: Nearest[] = await study('nearest', ref, null)
      const ways = [...before, ...(await byTransfer(c, related, ref, run))]
      if (run === undefined) return { ways }
      const { model, run: row } = await trainedModel(c, run)
      const heads = headPoints((model.taskNetworks ?? model.network)?.() ?? { layers: [], edges: [] })
      if (!heads.length)
        throw cannotDo(row.methodKey, 'say which tasks are alike', 'Take a run whose model has a head for each task.')
      return { ways: [...ways, nearestOf('model', heads)] }
    },

    async 'experiment.enough'({ spec: given }) {
      const { data, evaluation } = await resolve(c, given)
      return study('enough', data, evaluation)
    },
  }
}
