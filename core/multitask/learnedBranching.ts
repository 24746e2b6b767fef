import { z } from 'zod'
import type { View } from '../data/taskSet.ts'
import type { Runtime } from '../engine/runtime.ts'
import type { FitContext, FitEvent, Method } from '../method.ts'
import { oneTrunk, treeOf } from '../nn/architectures/branching.ts'
import { Tree } from '../nn/design.ts'
import type { Design } from '../nn/design.ts'
import { lineOutputs } from '../nn/network.ts'
import { sharedModel } from '../nn/newTasks.ts'
import { multiTaskParams } from '../nn/params.ts'
import { fitPerceptron, loadPerceptron, perceptronModel } from '../nn/perceptron.ts'
import type { Layout, Perceptron } from '../nn/perceptron.ts'
import { columnsByTarget } from '../nn/plan.ts'
import { frameLike, linesOf } from '../nn/problem.ts'
import { cellLosses, weightedMean } from '../nn/scores.ts'
import { Stages } from '../nn/stages.ts'
import { trainingWork } from '../nn/work.ts'
import { damaged } from '../pack.ts'
import { search } from '../search.ts'
import { SHARED_CAN } from './sharedNetwork.ts'

/**
 * Learned branching (after Guo, Lee and Ulbricht 2020): which tasks share a trunk, and up to which layer, is learned in
 * three steps (`core/nn/architectures/branching.ts`):
 *   1. all tasks learn how much they read of each branch, several times from other first weights; of these searches the
 *      one with the least inner loss counts;
 *   2. one trunk for all tasks;
 *   3. the tree that keeps the largest share of each, from new weights.
 * The tree is taken where it does better on the inner rows by more than one standard error (the rule of Breiman et al.
 * 1984: the simpler of two that can hardly be told apart); else one trunk. The paper takes its tree as it is.
 */
const Params = z.strictObject({
  ...multiTaskParams,
  branches: z
    .int()
    .min(1)
    .max(16)
    .default(2)
    .describe('At most this many branches of the trunk, among which the tasks choose.')
    .meta(search({ choices: [2, 3, 4] })),
  searches: z
    .int()
    .min(1)
    .max(20)
    .default(3)
    .describe('How often the tree is sought, each time from other first weights.'),
})
type Params = z.infer<typeof Params>

/** The best search so far. */
const Sought = z.object({ loss: z.number(), tree: Tree })

export const learnedBranching: Method<Params> = {
  id: 'learned-branching',
  family: 'multitask',
  name: 'Learned branching',
  about: 'Learns which tasks share a trunk: a tree of branches, kept where it does better than one trunk for all.',
  cite: 'Guo, Lee and Ulbricht 2020, Learning to Branch for Multi-Task Learning',
  params: Params,
  twins: ['single-task-mlp'],
  can: SHARED_CAN,
  work(s, p) {
    const part = (design: Design) => trainingWork(s, p, { stacked: false, heads: true, design })
    return (
      (p.searches + 1) * part({ kind: 'tree-search', branches: p.branches }) +
      part({ kind: 'tree', ...oneTrunk(p.hidden, []) })
    )
  },
  async *fit(context, p) {
    // Without inner rows one search is as good as another.
    const searches = context.inner && p.hidden.length ? p.searches : 1
    const stages = new Stages(searches + 2, context.resume)
    const train = (name: string, design: (tasks: string[]) => Design) => {
      const own: Params = { ...p, watchConflict: p.watchConflict && name === 'one' }
      const layout: Layout = {
        stacked: false,
        columns: (outputs) => columnsByTarget(outputs, true),
        design: (outputs) => design(outputs.map(({ task }) => task)),
      }
      const rng = context.rng.split(name)
      return stages.run((resume) => fitPerceptron({ ...context, resume, rng }, own, layout))
    }
    while (stages.stage < searches) {
      const net = yield* train(`search/${stages.stage}`, () => ({ kind: 'tree-search', branches: p.branches }))
      const loss = await innerLoss(net, context)
      const before = Sought.safeParse(stages.found)
      if (!before.success || loss < before.data.loss)
        stages.found = { loss, tree: treeOf(net.plan, net.theta, p.branches) }
    }
    const sought = Sought.safeParse(stages.found)
    if (!sought.success) throw damaged('a checkpoint without its tree')
    const { tree } = sought.data
    if (stages.stage === searches) {
      const one = yield* train('one', (tasks) => ({ kind: 'tree', ...oneTrunk(p.hidden, tasks) }))
      stages.kept = perceptronModel(one, context.runtime).save()
    }
    const one = loadPerceptron(stages.kept as Uint8Array)
    const parts = (tree.parents.at(-1)?.length ?? 1) > 1
    const branched = parts ? yield* train('tree', () => ({ kind: 'tree', ...tree })) : one
    if (!parts) yield { type: 'progress', done: stages.stages * p.epochs, of: stages.stages * p.epochs }
    const better = parts && (await doesBetter(branched, one, context))
    yield* trunksOf(better ? branched : one, stages.steps)
    return sharedModel(better ? branched : one, context.runtime)
  },
  load: (bytes, runtime) => sharedModel(loadPerceptron(bytes), runtime),
}

/** Tells of every task which trunk it has, counted from 1. */
function* trunksOf({ plan: { design } }: Perceptron, step: number): Generator<FitEvent> {
  if (design?.kind !== 'tree') return
  for (const [task, branch] of Object.entries(design.tasks))
    yield { type: 'metric', name: 'trunk', split: 'train', task, step, value: branch + 1 }
}

/**
 * Whether the mean over tasks of the inner loss is lower by more than its standard error,
 *   se^2 = sum_t var(differences of task t's cells) / cells of t / tasks^2
 */
async function doesBetter(a: Perceptron, b: Perceptron, { inner, runtime }: FitContext): Promise<boolean> {
  if (!inner) return true
  const [ofA, ofB] = [await innerLosses(a, inner, runtime), await innerLosses(b, inner, runtime)]
  let mean = 0
  let variance = 0
  const tasks = ofA.filter(({ losses }) => losses.length > 0).length
  ofA.forEach(({ losses, weight }, t) => {
    const differences = losses.map((loss, i) => ofB[t].losses[i] - loss)
    const own = weightedMean(differences, weight)
    mean += own / tasks
    const squares = weightedMean(
      differences.map((d) => (d - own) ** 2),
      weight,
    )
    variance += squares / Math.max(1, losses.length - 1) / tasks ** 2
  })
  return mean > Math.sqrt(variance)
}

/** Mean over tasks. */
async function innerLoss(net: Perceptron, { inner, runtime }: FitContext): Promise<number> {
  if (!inner) return 0
  const tasks = (await innerLosses(net, inner, runtime)).filter(({ losses }) => losses.length > 0)
  return tasks.reduce((sum, { losses, weight }) => sum + weightedMean(losses, weight) / tasks.length, 0)
}

async function innerLosses(net: Perceptron, inner: View, runtime: Runtime) {
  const lines = linesOf(net.plan, frameLike(net, inner), 'none')
  const losses = cellLosses(net.plan, lines, await lineOutputs(net, lines, runtime))
  return lines.cells.map(({ weight }, t) => ({ losses: losses[t], weight }))
}
