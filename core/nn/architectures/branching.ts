import { constant, gather, matmul, mul, reshape, softmax, transpose } from '../../engine/index.ts'
import type { Expr } from '../../engine/index.ts'
import { piecesOf, reach } from '../blocks.ts'
import type { Architecture, Block } from '../blocks.ts'
import type { Tree } from '../design.ts'
import { activate, dense } from '../layers.ts'
import { counted, mix, ofTasks, partOf, softmaxOf } from '../mix.ts'
import type { Plan } from '../plan.ts'
import { taskPlaces } from '../readout.ts'
import { sketched } from '../sketch.ts'
import type { Feed } from '../sketch.ts'

/**
 * A trunk that parts into branches (Guo, Lee and Ulbricht 2020). While the tree is sought every layer has as many
 * branches, each reads all of the layer before, and each task all of the last, in shares that are learned:
 *   h_lk = act((sum_j p_lkj h_{l-1,j}) W_lk + b_lk),  p_lk = softmax(SHARP a_lk),  a_lk from 0
 * The tree then keeps the largest share of each (`treeOf`): a branch has one parent, a task one branch.
 * Where the paper draws from p by Gumbel noise and lowers a temperature, shares here sharpen as a grows; nothing is drawn.
 */
const SHARP = 5

export const treeSearch = (plan: Plan, branches: number): Architecture =>
  branching(
    plan,
    plan.hidden.map(() => branches),
    {
      blocks: [
        ...plan.hidden.slice(1).map((_, l): Block => ({
          name: routeInto(l + 1),
          shape: [branches, branches],
          start: 0,
          bias: true,
          owner: 'shared',
        })),
        ...(plan.hidden.length ? [ofTasks(plan, 'route', [branches], 0, true)] : []),
      ],
      into(l, at, h) {
        const shares = softmax(mul(SHARP, at(routeInto(l)))) // [branch, parent]
        return transpose(matmul(shares, transpose(h, [1, 0, 2])), [1, 0, 2])
      },
      read: (at, own, h) => mix(softmax(mul(SHARP, own(at('route')))), h),
      parents: (pieces, l, k) => sharesOf(pieces, routeInto(l), k, branches),
      branches: (pieces, t) => sharesOf(pieces, 'route', t, branches),
    },
  )

/** What a search found: the largest shares, and of branches only those that a task reaches, in the order of tasks. */
export function treeOf(plan: Plan, theta: Float32Array, branches: number): Tree {
  const { hidden, columns } = plan
  const pieces = piecesOf(treeSearch(plan, branches).blocks, theta)
  const ids = taskPlaces(columns).map(({ name }) => name)
  if (!hidden.length) return oneTrunk(hidden, ids)
  const most = (shares: number[]) => shares.indexOf(Math.max(...shares))
  let reached = ids.map((_, t) => most(sharesOf(pieces, 'route', t, branches)))
  let used = [...new Set(reached)]
  const tasks = Object.fromEntries(ids.map((id, t) => [id, used.indexOf(reached[t])]))
  const parents: number[][] = []
  for (let l = hidden.length - 1; l > 0; l--) {
    reached = used.map((k) => most(sharesOf(pieces, routeInto(l), k, branches)))
    used = [...new Set(reached)]
    parents.unshift(reached.map((k) => used.indexOf(k)))
  }
  return { parents: [used.map(() => 0), ...parents], tasks }
}

/** One trunk for all of these tasks. */
export const oneTrunk = (hidden: readonly number[], tasks: readonly string[]): Tree => ({
  parents: hidden.map(() => [0]),
  tasks: Object.fromEntries(tasks.map((task) => [task, 0])),
})

const routeInto = (l: number) => `route${l + 1}`
const sharesOf = (pieces: Map<string, Float32Array>, name: string, k: number, n: number) =>
  softmaxOf(partOf(pieces, name, k, n).map((a) => SHARP * a))

/** Tasks that the tree does not know read all branches, as the known ones do on average. */
export function knownTree(plan: Plan, { parents, tasks }: Tree): Architecture {
  const leaves = parents.at(-1)?.length ?? 1
  const known = Object.values(tasks)
  const usual = counted(leaves).map((_, k) => known.filter((branch) => branch === k).length / known.length)
  const own = taskPlaces(plan.columns).map(({ name }) => {
    const branch = Object.hasOwn(tasks, name) ? tasks[name] : null
    return branch === null ? usual : usual.map((_, k) => Number(k === branch))
  })
  return branching(
    plan,
    parents.map((layer) => layer.length),
    {
      blocks: [],
      into: (l, _, h) => gather(h, constant(parents[l], [parents[l].length], 'int64')),
      read: (_, choose, h) =>
        leaves === 1 ? reshape(h, h.shape.slice(1)) : mix(choose(constant(own.flat(), [own.length, leaves])), h),
      parents: (_, l, k) => parents[l - 1].map((_, j) => Number(j === parents[l][k])),
      branches: (_, t) => own[t],
    },
  )
}

/** Which branches of the layer before a branch reads, and which of the last layer a task. */
type Routes = {
  blocks: Block[]
  /** h [parent, row, unit] -> what each branch of layer l reads, [branch, row, unit]; l from 1. */
  into(l: number, at: (name: string) => Expr, h: Expr): Expr
  /** h [branch, row, unit] -> [row, unit] or [column, row, unit] */
  read(at: (name: string) => Expr, own: (p: Expr) => Expr, h: Expr): Expr
  /** Shares of the layer before in what branch k of layer l reads. */
  parents(pieces: Map<string, Float32Array>, l: number, k: number): number[]
  branches(pieces: Map<string, Float32Array>, t: number): number[]
}

function branching(plan: Plan, counts: number[], routes: Routes): Architecture {
  const { activation, hidden } = plan
  const widths = [plan.inputs.length, ...hidden]
  const name = (l: number) => `trunk${l + 1}`
  const ids = (l: number) => counted(counts[l]).map((k) => (counts[l] === 1 ? name(l) : `${name(l)}:${k}`))
  const feeds = (shares: number[], l: number): Feed[] =>
    ids(l).flatMap((layer, k) => (shares[k] > 0 ? [{ layer, factor: shares[k] }] : []))
  return sketched(plan, {
    blocks: [
      ...hidden.flatMap((units, l): Block[] => [
        {
          name: name(l),
          shape: [counts[l], widths[l], units],
          start: reach(widths[l], activation),
          bias: false,
          owner: 'shared',
        },
        { name: `${name(l)}.bias`, shape: [counts[l], 1, units], start: 0, bias: true, owner: 'shared' },
      ]),
      ...routes.blocks,
    ],
    groups: hidden.map((units, l) => ({ name: name(l), kind: 'trunk' as const, units, activation, ids: ids(l) })),
    features: widths.at(-1) as number,
    forward(at, x, choice, probe) {
      if (!hidden.length) return x
      const h = hidden.reduce((before, _, l) => {
        const read = l ? routes.into(l, at, before) : before
        return probe(name(l), activate(activation, dense(read, at(name(l)), at(`${name(l)}.bias`))))
      }, x)
      return routes.read(at, (p) => choice.own(p), h)
    },
    edges: (pieces) =>
      hidden.flatMap((units, l) =>
        ids(l).flatMap((to, k) => {
          const from = l ? feeds(routes.parents(pieces, l, k), l - 1) : [{ layer: 'input', factor: 1 }]
          const weights = partOf(pieces, name(l), k, widths[l] * units)
          return from.map(({ layer, factor }, i) => ({
            from: layer,
            to,
            weights: weights.map((w) => w * (factor as number)),
            bias: i === 0 ? partOf(pieces, `${name(l)}.bias`, k, units) : null,
          }))
        }),
      ),
    feeds: (pieces, t) =>
      hidden.length ? feeds(routes.branches(pieces, t), hidden.length - 1) : [{ layer: 'input', factor: 1 }],
  })
}
