import type { DataRef } from '../../core/experiment.ts'
import type { Described } from '../../core/metafeatures/describe.ts'
import { UserError } from '../../core/errors.ts'
import { propose } from '../../core/propose.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf } from './data.ts'
import type { Asked, Found, What } from './study.ts'

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
    const answer = c.pool.study({ what, data, asked }).then((said) => {
      if ('error' in said) throw new UserError(said.error)
      return said.found
    })
    kept.set(key, answer)
    answer.catch(() => kept.delete(key))
    if (kept.size > KEPT) kept.delete(kept.keys().next().value as string)
    return answer
  }
}

export type Ask = ReturnType<typeof studies>

export function describeCalls(c: Context, study: Ask): Handlers<'data.describe'> {
  return {
    async 'data.describe'({ hash, roles }) {
      const dataset = datasetOf(c, hash)
      const chosen = roles ?? dataset.roles ?? propose(dataset.summary).roles
      const described: Described[] = await study('describe', { hash, roles: chosen }, null)
      return { described }
    },
  }
}
