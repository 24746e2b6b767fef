import { z } from 'zod'

/**
 * Where a parameter may be searched, said in its schema by `.meta(search(...))`: a range on a logarithmic scale (rates,
 * penalties) or a linear one, or a list of choices. `.meta(budget)` marks the parameter that says how long a fit takes.
 */
export type Search = { log: [number, number] } | { linear: [number, number] } | { choices: unknown[] }

export const search = (where: Search): { search: Search } => ({ search: where })
export const budget = { budget: true }

type Property = {
  type?: string
  when?: When
  minimum?: number
  maximum?: number
  search?: Search
  budget?: boolean
}
/** Other parameters and the values of theirs with which this one is read at all (the parameters of a balancer). */
type When = Record<string, unknown[]>
export type SearchedParameter = {
  name: string
  where: Search
  integer: boolean
  min: number
  max: number
  when: When
}
type Searchable = { searched: SearchedParameter[]; budget: string | null }

const known = new WeakMap<z.ZodType, Searchable>()

/** What a schema of parameters says about searching it, in the order of its fields. */
export function searchable(params: z.ZodType): Searchable {
  const kept = known.get(params)
  if (kept) return kept
  const { properties = {} } = z.toJSONSchema(params, { io: 'input' }) as { properties?: Record<string, Property> }
  const fields = Object.entries(properties)
  const found: Searchable = {
    searched: fields.flatMap(([name, p]) =>
      p.search
        ? [
            {
              name,
              where: p.search,
              integer: p.type === 'integer',
              min: p.minimum ?? -Infinity,
              max: p.maximum ?? Infinity,
              when: p.when ?? {},
            },
          ]
        : [],
    ),
    budget: fields.find(([, p]) => p.budget)?.[0] ?? null,
  }
  known.set(params, found)
  return found
}
