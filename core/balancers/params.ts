import { z } from 'zod'
import { balancers } from './balancers.ts'

/** The choice of a balancer and, flat beside it, the parameters of all of them; `when` says which balancers read one. */
const [first, ...others] = balancers.map((b) => b.id)
const choice = z
  .enum([first, ...others])
  .default('equal')
  .describe('How much each task counts while they learn together.')
  .meta({
    names: Object.fromEntries(balancers.map((b) => [b.id, b.name])),
    abouts: Object.fromEntries(balancers.map((b) => [b.id, b.about])),
    more: balancers.filter((b) => b.group === 'more').map((b) => b.id),
  })

const own: Record<string, z.ZodType<number>> = {}
for (const [name, field] of balancers.flatMap((b) => Object.entries(b.params))) {
  const readers = balancers.filter((b) => name in b.params).map((b) => b.id)
  own[name] = (field as z.ZodType<number>).meta({
    ...(field as z.ZodType<number>).meta(),
    when: { balancer: readers },
  }) as z.ZodType<number>
}

const watch = z
  .boolean()
  .default(false)
  .describe(
    'Also look, now and then, how the gradients of the tasks relate: where they conflict, and which helps which.',
  )

export const balancerParams = { balancer: choice, watchConflict: watch, ...(own as Record<never, never>) }
/** What a trainer is given: the chosen balancer, and beside it among others its parameters. */
export type Balancing = { balancer: string; watchConflict: boolean }
