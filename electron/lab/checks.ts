import { answered, checkEvaluation, leaksFirst, type Checked } from '../../core/data/checks/index.ts'
import type { Finding } from '../../core/data/checks/finding.ts'
import { Roles } from '../../core/data/roles.ts'
import { type DataRef, Evaluation } from '../../core/experiment.ts'
import type { Context, Handlers } from './context.ts'
import { datasetOf } from './data.ts'

/** Data sets and roles whose findings are remembered. */
const KEPT = 16
const kept = new WeakMap<Context['store'], Map<string, Promise<Checked>>>()

/** What is found whatever the split is; looked for once per data set and roles, on a thread of its own. */
function checkOnce(c: Context, ref: DataRef): Promise<Checked> {
  const own = kept.get(c.store) ?? new Map<string, Promise<Checked>>()
  kept.set(c.store, own)
  const data = c.store.describe(ref)
  const known = own.get(data.key)
  if (known) return known
  const checked = c.pool.check({ data, roles: ref.roles ?? Roles.parse({}) })
  own.set(data.key, checked)
  checked.catch(() => own.delete(data.key))
  if (own.size > KEPT) own.delete(own.keys().next().value as string)
  return checked
}

/** Everything that is found in the data of an experiment, under its evaluation. */
export async function findingsFor(c: Context, ref: DataRef, evaluation: Evaluation): Promise<Finding[]> {
  const { findings } = await checkOnce(c, ref)
  const split = checkEvaluation(c.store.load(ref).set, ref.roles ?? Roles.parse({}), evaluation)
  return leaksFirst([...split, ...findings.flatMap((found) => answered(found, ref.roles, evaluation))])
}

export function checkCalls(c: Context): Handlers<'data.check'> {
  return {
    async 'data.check'({ hash, roles, evaluation = Evaluation.parse({}) }) {
      datasetOf(c, hash)
      const ref = { hash, roles }
      const { looked, rows } = await checkOnce(c, ref)
      return { findings: await findingsFor(c, ref, evaluation), looked, rows }
    },
  }
}
