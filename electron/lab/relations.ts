import { measuredTasks } from '../../core/data/measuredTasks.ts'
import type { Relations } from '../../core/relations/relations.ts'
import { relatedTasks } from '../../core/relations/subsets.ts'
import type { RelationsQuestion } from './analyse.ts'
import type { Context, Handlers } from './context.ts'
import { needExperiment } from './experiments.ts'
import type { RunRow } from './workspace/records.ts'

/** Answers kept: the same question while nothing new has come costs nothing. */
const KEPT = 4

/** Which tasks help which, from what the runs of an experiment kept: parts of the matrix, and watched trainings. */
export function relationCalls(c: Context): Handlers<'experiment.relations'> {
  const kept = new Map<string, Promise<Relations>>()
  return {
    async 'experiment.relations'({ id, method }) {
      const question = questionOf(c, id, method)
      if (!question) return { relations: null }
      const key = JSON.stringify([id, question.method, question.hashes])
      const known = kept.get(key)
      if (known) return { relations: await known }
      const { need } = bytesOf(c)
      const { parts, watched, hashes: _hashes, ...about } = question
      const answer = c.pool.relate({
        ...about,
        parts: parts.map(({ hash, ...part }) => ({ ...part, bytes: need(hash) })),
        watched: watched.map(need),
      })
      kept.set(key, answer)
      answer.catch(() => kept.delete(key))
      if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
      return { relations: await answer }
    },
  }
}

const bytesOf = ({ workspace }: Context) => ({ need: (hash: string) => workspace.blobs.need(hash) })

type Asked = Omit<RelationsQuestion, 'parts' | 'watched'> & {
  parts: { repeat: number; fold: number; seed: number; hash: string }[]
  watched: string[]
  hashes: string[]
}

/** Null where nothing was measured or watched, and nothing of it is still to come. */
function questionOf(c: Context, id: string, asked: string | undefined): Asked | null {
  const { spec } = needExperiment(c, id)
  const runs = c.workspace.records.runs(id).filter((run) => run.fold !== 'all')
  const tells = (run: RunRow) => run.relations !== undefined || run.found?.trace !== undefined
  const told = runs.filter(tells)
  // Those whose matrix is measured come first.
  told.sort((a, b) => Number(b.relations !== undefined) - Number(a.relations !== undefined) || a.position - b.position)
  const methods = [...new Set(told.map((run) => run.methodKey))]
  if (!methods.length) return null
  const method = asked !== undefined && methods.includes(asked) ? asked : methods[0]
  const own = runs.filter((run) => run.methodKey === method)
  const { set } = c.store.load(spec.data)
  const all = measuredTasks(set)
  const parts = own.flatMap(({ relations, repeat, fold, seed, found }) =>
    relations && found?.trace ? [{ repeat, fold: fold as number, seed, hash: found.trace }] : [],
  )
  const watched = own.flatMap(({ relations, found }) => (!relations && found?.trace ? [found.trace] : []))
  return {
    method,
    methods,
    tasks: relatedTasks(set, spec.relations?.tasks).map((k) => all[k]),
    designs: spec.relations?.designs ?? [],
    evaluation: spec.evaluation,
    trials: own.flatMap(({ relations }) => (relations ? [relations] : [])),
    parts,
    watched,
    hashes: [...parts.map(({ hash }) => hash), ...watched],
  }
}
