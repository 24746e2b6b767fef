import { searchable } from '../search.ts'
import type { SearchedParameter } from '../search.ts'
import type { Method } from '../method.ts'
import type { Rng } from '../rng.ts'

export type Configuration = Record<string, unknown>

/**
 * The configurations that are tried: the first is what the experiment says, the others are drawn at random (Bergstra
 * and Bengio 2012, "Random search for hyper-parameter optimization"). Each parameter has a stream of its own, the same
 * for every method: where a method and its twin share a parameter they try the same values. Few choices give fewer.
 */
export function configurationsOf(m: Method, given: Configuration, names: string[], count: number, random: Rng) {
  const space = searchable(m.params).searched.filter(({ name }) => names.includes(name))
  const tried: Configuration[] = [given]
  const seen = new Set([JSON.stringify(given)])
  for (let i = 1; space.length > 0 && tried.length < count && i < 20 * count; i++) {
    const drawn = Object.fromEntries(space.map((p) => [p.name, drawOne(p, random.split(`${p.name}/${i}`))]))
    const configuration = { ...given, ...drawn }
    const key = JSON.stringify(configuration)
    if (seen.has(key) || !m.params.safeParse(configuration).success) continue
    seen.add(key)
    tried.push(configuration)
  }
  return tried
}

/** Three significant digits: what a person can read and type again. */
function drawOne({ where, integer, min, max }: SearchedParameter, random: Rng): unknown {
  if ('choices' in where) return where.choices[random.int(where.choices.length)]
  const share = random.uniform()
  const [low, high] = 'log' in where ? where.log : where.linear
  const value = 'log' in where ? low * (high / low) ** share : low + share * (high - low)
  const rounded = integer ? Math.round(value) : Number(value.toPrecision(3))
  return Math.min(max, Math.max(min, rounded))
}

/**
 * The parameters of a method that tuning looks for: those with a range that nobody has set, and that are read at all (a
 * balancer's own where it is the chosen one).
 */
export function searchedNames(m: Method, set: Configuration): string[] {
  const all: Configuration = { ...(m.params.parse({}) as Configuration), ...set }
  return searchable(m.params).searched.flatMap(({ name, when }) =>
    name in set || Object.entries(when).some(([other, values]) => !values.includes(all[other])) ? [] : [name],
  )
}
