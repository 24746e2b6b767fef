/**
 * Makes table.json: for every set of tasks what the check looks at (of the training tasks alone), and what came of
 * meta-learning (new tasks). `node test/enough/measure.ts` goes on where it was stopped; about 3 minutes of processor time.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { makeFolds } from '../../core/data/splits.ts'
import type { TaskSet } from '../../core/data/taskSet.ts'
import { probe } from '../../core/enough/probe.ts'
import { cannot, expand, summaryOf } from '../../core/expand.ts'
import { ExperimentSpec } from '../../core/experiment.ts'
import { method } from '../../core/methods.ts'
import { train } from '../../core/run.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { allSets, type Asked } from './sets.ts'
import type { Row } from './table.ts'

const META = ['ridge-head', 'alpaca', 'maml']
const BASELINES = ['mean', 'ridge', 'knn', 'pooled-ridge', 'hierarchical-linear', 'pooled-mlp', 'pretrain-finetune']
/** Less than the defaults, with larger steps: sets are small, and there are many. */
const BUDGET = { iterations: 600, outerLr: 0.005, epochs: 100 }

/** `--iterations 3000`: the held-out sets alone, trained longer, into a table of their own; then names to begin with. */
const longer = process.argv.indexOf('--iterations') + 1
const iterations = longer ? Number(process.argv[longer]) : BUDGET.iterations
const file = fileURLToPath(new URL(longer ? `./table-${iterations}.json` : './table.json', import.meta.url))
const shared = fileURLToPath(new URL('../../../shared', import.meta.url))
const { runtime } = await openRuntime('native')

async function measured(asked: Asked, set: TaskSet): Promise<Measured> {
  const binary = set.tasks[0].kind !== 'regression'
  const metric = binary ? 'brier' : 'rmse'
  const evaluation = {
    protocol: 'few-shot' as const,
    shots: asked.shots,
    queries: 15,
    testFraction: asked.testFraction,
    repeats: asked.repeats,
  }
  const whole = ExperimentSpec.parse({ data: { hash: 'x' }, methods: [{ id: 'mean' }], evaluation })
  const summary = summaryOf(set, whole.evaluation)
  const ids = [...BASELINES, ...META].filter((id) => !cannot(method(id), summary, whole.evaluation))
  const methods = ids.map((id) => {
    const own = method(id).params.parse({}) as Record<string, unknown>
    return { id, params: Object.fromEntries(Object.entries({ ...BUDGET, iterations }).filter(([name]) => name in own)) }
  })
  const spec = ExperimentSpec.parse({ data: { hash: 'x' }, methods, evaluation, metrics: [metric], twins: false })
  /** [method][repeat, task] */
  const errors: Record<string, number[]> = {}
  for (const trial of expand(spec, set).filter(({ fold }) => fold !== 'all'))
    for await (const { event } of train(trial, set, runtime)) {
      if (event.type === 'end' && event.error)
        console.error(`${asked.name}: ${trial.id}: ${event.error.rule} ${event.error.got}`)
      if (event.type === 'metric' && event.split === 'test' && event.task !== null)
        (errors[trial.method.id] ??= []).push(event.value ?? NaN)
    }
  const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  const most = Math.max(...Object.values(errors).map((values) => values.length))
  const best = (from: string[]) =>
    from
      .filter((id) => errors[id]?.length === most && errors[id].every(Number.isFinite))
      .reduce((a, b) => (mean(errors[b]) < mean(errors[a]) ? b : a))
  const [meta, baseline] = [best(META), best(BASELINES)]
  const differences = errors[baseline].map((value, k) => value - errors[meta][k])
  const gain = mean(differences)
  return {
    name: asked.name,
    heldOut: asked.heldOut,
    metric,
    meta,
    baseline,
    errors: Object.fromEntries(Object.entries(errors).map(([id, values]) => [id, round(mean(values))])),
    tested: differences.length,
    /** Of the best baseline's error. */
    gain: round(gain / mean(errors[baseline])),
    se: round(
      Math.sqrt(mean(differences.map((d) => (d - gain) ** 2)) / Math.max(1, differences.length - 1)) /
        mean(errors[baseline]),
    ),
  }
}

const round = (value: number) => Number(value.toPrecision(5))

function probed(asked: Asked, set: TaskSet): Row['probe'] {
  const evaluation = ExperimentSpec.parse({
    data: { hash: 'x' },
    methods: [{ id: 'mean' }],
    evaluation: { protocol: 'few-shot', shots: asked.shots, testFraction: asked.testFraction, repeats: asked.repeats },
  }).evaluation
  const { train: rows, testTasks } = makeFolds(set, evaluation)[0]
  const held = new Set(testTasks)
  const tasks = Int32Array.from(set.tasks.keys()).filter((task) => !held.has(task))
  const began = process.cpuUsage().user
  const found = probe({ set, rows, tasks }, asked.shots)
  if (!found) return null
  const { errors, gain, se, between, ...rest } = found
  const short = Object.fromEntries(Object.entries(errors).map(([way, value]) => [way, round(value)]))
  console.log(`  probe: ${((process.cpuUsage().user - began) / 1e6).toFixed(1)} s of processor time`)
  return { ...rest, errors: short as typeof errors, gain: round(gain), se: round(se), between: round(between) }
}

type Measured = Omit<Row, 'probe'>
const rows: (Measured & Partial<Row>)[] = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Row[]) : []
const again = process.argv.includes('--probe')
const only = longer ? process.argv.slice(longer + 1) : []
const wanted = ({ name, heldOut }: Asked) =>
  !longer || (heldOut && (!only.length || only.some((part) => name.startsWith(part))))
for (const asked of allSets(shared).filter(wanted)) {
  const known = rows.find((row) => row.name === asked.name)
  if (known && !again) continue
  const began = process.cpuUsage().user
  const set = await asked.load()
  // The probe can be worked out again without training anything.
  if (known) known.probe = probed(asked, set)
  else if (!again) {
    const found = await measured(asked, set)
    const row = longer ? found : { ...found, probe: probed(asked, set) }
    rows.push(row)
    const seconds = ((process.cpuUsage().user - began) / 1e6).toFixed(1)
    console.log(`${asked.name}: ${row.meta} ${row.gain} +- ${row.se} against ${row.baseline} (${seconds} s)`)
  }
  writeFileSync(file, `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`)
}
process.exit(0)
