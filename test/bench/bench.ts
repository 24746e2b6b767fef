import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Session, Tensor } from '../../core/engine/index.ts'
import { referenceRuntime } from '../../core/engine/index.ts'
import { openRuntime } from '../../electron/lab/runtimes/index.ts'
import { missing, python } from '../engine/python.ts'
import { linearError, linearPeer, linearRate, linearWorkloads } from './linear.ts'
import type { Workload } from './workload.ts'
import { gradientFeeds, gradientProgram, trainingFeeds, trainingProgram } from './workload.ts'
import { mamlOmniglot, mamlSine } from './workloads/maml.ts'
import { multitask } from './workloads/multitask.ts'
import { rnn } from './workloads/rnn.ts'

/**
 * The engine's benchmark, on one core: the four workloads of the reference side against PyTorch, and a ridge path and
 * a multi-task lasso against scikit-learn.
 *   npm run bench -- [--peers] [--json] [--rounds 5] [--seconds 2] [--only maml_sine,...] [--runtimes native,wasm]
 * With --peers both sides run in turn (peer, native, wasm, peer, ...), and each ratio is that of one round: machines
 * are noisy, and neighbours in time meet the same noise. Gradients are compared in double precision first.
 */
const { values: options } = parseArgs({
  options: {
    peers: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    only: { type: 'string' },
    runtimes: { type: 'string', default: 'native,wasm' },
  },
})
const PEERS = fileURLToPath(new URL('../../../shared/peers/', import.meta.url))
const [rounds, seconds] = [Number(options.rounds), Number(options.seconds)]
const say = (line: string) => (options.json ? console.error(line) : console.log(line))

type Row = {
  workload: string
  ours: number
  peer: number | null
  ratio: number | null
  lo: number | null
  hi: number | null
}
const rows: Row[] = []
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const lacks = missing(['torch', 'numpy'])
const usePeers = options.peers && lacks === null && existsSync(PEERS)
if (options.peers && !usePeers) say(lacks ?? `skipped: the reference side is not there (${PEERS})`)

/** Steps a second, call after call, each from the state that the last one left; the median over calls. */
async function rateOf(workload: Workload, session: Session): Promise<number> {
  const rates: number[] = []
  let last: Record<string, Tensor> | undefined
  const end = performance.now() + 1000 * seconds
  for (let from = 0; performance.now() < end || rates.length < 3; from += workload.steps) {
    const start = performance.now()
    last = await session.run(trainingFeeds(workload, from, workload.steps, last))
    rates.push((1000 * workload.steps) / (performance.now() - start))
  }
  return median(rates)
}

function peerRate(workload: Workload, variant: string): { rate: number; loss1: number; loss10: number } {
  const args = [PEERS + workload.script, '--threads', '1', '--seconds', String(seconds), '--variant', variant]
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${workload.script} --variant ${variant} failed: ${stderr.slice(-500)}`)
  return JSON.parse(stdout) as { rate: number; loss1: number; loss10: number }
}

/** The largest difference of our gradient from the peer's, relative to its largest number; both in float64. */
async function gradientError(workload: Workload): Promise<number> {
  const base64 = (x: Tensor['data']) => Buffer.from(x.buffer, x.byteOffset, x.byteLength).toString('base64')
  const job = {
    name: workload.name,
    shapes: workload.shapes,
    theta: base64(workload.theta),
    data: Object.fromEntries(
      Object.entries(workload.data).map(([name, { shape, data }]) => [name, { shape, data: base64(data) }]),
    ),
  }
  const script = readFileSync(new URL('gradients.py', import.meta.url), 'utf8')
  const wanted = python(script, job) as { loss: number; gradient: string }
  const bytes = Buffer.from(wanted.gradient, 'base64')
  const g = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const session = await referenceRuntime().load(gradientProgram(workload))
  const { loss, gradient } = await session.run(gradientFeeds(workload))
  const largest = g.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  let worst = Math.abs(Number(loss.data[0]) - wanted.loss) / Math.abs(wanted.loss)
  for (let i = 0; i < g.length; i++) worst = Math.max(worst, Math.abs(Number(gradient.data[i]) - g[i]) / largest)
  return worst
}

/** A row of the table; ratios are those of rounds. */
function compare(workload: string, rates: Record<string, number[]>, ours: string, peer: string | null): void {
  const ratios = peer ? rates[ours].map((rate, k) => rate / rates[peer][k]) : []
  rows.push({
    workload,
    ours: median(rates[ours]),
    peer: peer ? median(rates[peer]) : null,
    ratio: peer ? median(ratios) : null,
    lo: peer ? Math.min(...ratios) : null,
    hi: peer ? Math.max(...ratios) : null,
  })
}

const all = [mamlSine, mamlOmniglot, multitask, rnn]
const chosen = all.map((make) => make()).filter(({ name }) => !options.only || options.only.split(',').includes(name))
for (const workload of chosen) {
  if (usePeers) {
    const error = await gradientError(workload)
    say(`${workload.name}: gradients differ by ${error.toExponential(1)} in float64`)
    if (!(error < 1e-9)) throw new Error(`${workload.name}: the gradient is wrong; no speed is worth it`)
  }
  const program = trainingProgram(workload)
  const sides: { name: string; run(): Promise<number> }[] = []
  const closing: (() => Promise<void>)[] = []
  for (const kind of options.runtimes.split(',') as ('native' | 'wasm')[]) {
    const { runtime } = await openRuntime(kind)
    const start = performance.now()
    const session = await runtime.load(program)
    say(`${workload.name} on ${kind}: session in ${(performance.now() - start).toFixed(0)} ms`)
    closing.push(() => runtime.close())
    sides.push({ name: kind, run: () => rateOf(workload, session) })
    const { losses } = await session.run(trainingFeeds(workload, 0, 10))
    if (usePeers && kind === 'native') {
      const { loss1, loss10 } = peerRate(workload, workload.variants[0])
      for (const [ours, theirs] of [
        [Number(losses.data[0]), loss1],
        [Number(losses.data[9]), loss10],
      ])
        if (Math.abs(ours - theirs) > 1e-3 * Math.abs(theirs))
          throw new Error(`${workload.name}: our loss is ${ours}, the peer's ${theirs}`)
    }
  }
  if (usePeers)
    for (const variant of workload.variants)
      sides.unshift({ name: variant, run: () => Promise.resolve(peerRate(workload, variant).rate) })
  const rates: Record<string, number[]> = Object.fromEntries(sides.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) for (const side of sides) rates[side.name].push(await side.run())
  if (rates.native) {
    const best = usePeers ? workload.variants.toSorted((a, b) => median(rates[b]) - median(rates[a]))[0] : null
    compare(workload.name, rates, 'native', best)
    if (usePeers)
      for (const variant of workload.variants)
        if (variant !== best) compare(`${workload.name} (against ${variant})`, rates, 'native', variant)
  }
  if (rates.wasm) compare(`${workload.name} on wasm (against native)`, rates, 'wasm', rates.native ? 'native' : null)
  for (const close of closing) await close()
}

for (const [name, make] of Object.entries(linearWorkloads)) {
  if (options.only && !options.only.split(',').includes(name)) continue
  const workload = make()
  const lacking = options.peers ? missing(['sklearn', 'numpy']) : null
  const peers = options.peers && !lacking ? workload.variants : []
  if (lacking) say(lacking)
  if (peers.length > 0) {
    const error = linearError(workload)
    say(`${name}: coefficients differ by ${error.toExponential(1)}`)
    if (!(error < 1e-6)) throw new Error(`${name}: the coefficients are wrong; no speed is worth it`)
  }
  const rates: Record<string, number[]> = { ours: [], ...Object.fromEntries(peers.map((variant) => [variant, []])) }
  for (let round = 0; round < rounds; round++) {
    for (const variant of peers) rates[variant].push(linearPeer(name, variant, seconds).rate)
    rates.ours.push(linearRate(workload, seconds))
  }
  if (peers.length === 0) compare(name, rates, 'ours', null)
  const order = peers.toSorted((a, b) => median(rates[b]) - median(rates[a]))
  order.forEach((variant, k) => compare(k === 0 ? name : `${name} (against ${variant})`, rates, 'ours', variant))
}

const [{ model }] = cpus()
const machine = `${model}, ${cpus().length} processors, node ${process.version}, one thread`
if (options.json) console.log(JSON.stringify({ machine, rows }))
else {
  const number = (x: number | null) => (x === null ? '' : x >= 100 ? x.toFixed(0) : x.toPrecision(3))
  console.log(`\n${machine}\n`)
  const table = rows.map((r) => [r.workload, ...[r.ours, r.peer, r.ratio, r.lo, r.hi].map(number)])
  for (const line of [['workload', 'ours/s', 'peer/s', 'ratio', 'lo', 'hi'], ...table])
    console.log(
      line[0].padEnd(44) +
        line
          .slice(1)
          .map((cell) => cell.padStart(9))
          .join(''),
    )
}
