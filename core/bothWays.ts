import type { ExperimentSpec } from './experiment.ts'

/**
 * The same experiment asked two ways: rows dealt at random, so that a method may recognise a group it has seen, and
 * groups kept whole. Data, targets, methods, seeds and number of folds are the same; only how rows are dealt differs.
 */
export type BothWays = { random: ExperimentSpec; whole: ExperimentSpec; column: string }

/** The column whose groups this experiment keeps whole when testing, or null where rows are dealt at random. */
export function keptWhole({ data, evaluation }: Pick<ExperimentSpec, 'data' | 'evaluation'>): string | null {
  const { roles } = data
  if (!roles || evaluation.protocol === 'few-shot') return null
  if (roles.group !== null) return roles.group
  return ['leave-one-group-out', 'new-task'].includes(evaluation.protocol) ? roles.task : null
}

/**
 * Both ways of a spec; null where there is no group to keep whole, or where the split was given. `column` names a column
 * that could be the group, where the spec has none. `names` tell the two apart.
 */
export function bothWays(
  spec: ExperimentSpec,
  names: { random: string; whole: string },
  column: string | null = null,
): BothWays | null {
  const { data, evaluation } = spec
  const { roles } = data
  if (!roles || roles.split !== null || evaluation.testFolds !== undefined) return null
  const named = (own: ExperimentSpec, name: string) => ({ ...own, name: `${spec.name} · ${name}`.slice(0, 200) })
  const kept = keptWhole(spec)
  if (kept !== null) {
    const isGroup = roles.group === kept
    // As an input the group would be given away altogether: it is put aside.
    const without = isGroup ? { ...roles, group: null, ignore: [...roles.ignore, kept] } : roles
    const dealt = ['k-fold', 'holdout'].includes(evaluation.protocol) ? evaluation.protocol : 'k-fold'
    const random = {
      ...spec,
      data: { ...data, roles: without },
      evaluation: { ...evaluation, protocol: dealt } as const,
    }
    return { random: named(random, names.random), whole: named(spec, names.whole), column: kept }
  }
  if (column === null || roles.task === column || roles.targets.includes(column)) return null
  const rest = (list: string[]) => list.filter((name) => name !== column)
  const features = roles.features ? { features: rest(roles.features) } : {}
  const aside = { ...roles, ...features, ignore: rest(roles.ignore) }
  const withRoles = (own: typeof roles) => ({ ...spec, data: { ...data, roles: own } })
  return {
    random: named(withRoles({ ...aside, ignore: [...aside.ignore, column] }), names.random),
    whole: named(withRoles({ ...aside, group: column }), names.whole),
    column,
  }
}

/** Which of two experiments is which, where they are the same question asked both ways. */
export function asBothWays<E extends { spec: ExperimentSpec }>(a: E, b: E): { random: E; whole: E } | null {
  const [one, other] = [keptWhole(a.spec), keptWhole(b.spec)]
  if ((one === null) === (other === null)) return null
  const { data: x } = a.spec
  const { data: y } = b.spec
  const targets = (data: typeof x) => JSON.stringify(data.roles?.targets)
  if (x.hash === undefined || x.hash !== y.hash || targets(x) !== targets(y)) return null
  return one === null ? { random: a, whole: b } : { random: b, whole: a }
}
