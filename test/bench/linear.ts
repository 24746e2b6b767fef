import { existsSync, readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ridgePath } from '../../core/classical/ridge.ts'
import type { Frame } from '../../core/frame.ts'
import { momentsOf } from '../../core/multitask/moments.ts'
import { solveNet } from '../../core/multitask/multiTaskLasso.ts'
import { shared } from '../methods/mulan.ts'
import { lcg } from './lcg.ts'

/**
 * The linear workloads, in double precision on the processor: a ridge path and a multi-task lasso, against
 * scikit-learn (`peers/linear.py`). Where the shared data are not there both sides make the same numbers.
 */
export type LinearWorkload = {
  name: string
  variants: readonly string[]
  /** The variant that is as exact as ours. */
  exact: string
  fit(): Float64Array
}
type Data = { x: Float64Array; y: Float64Array[]; rows: number; width: number }

function read(path: string, width: number, first: number, made: [number, number]): Data {
  const file = shared(path)
  if (!existsSync(file)) return generate(made[0], width, made[1])
  const lines = readFileSync(file, 'utf8').split(/\r?\n/)
  const cells = lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').map(Number))
  return {
    rows: cells.length,
    width,
    x: Float64Array.from(cells.flatMap((row) => row.slice(first, first + width))),
    y: Array.from({ length: made[1] }, (_, t) => Float64Array.from(cells, (row) => row[first + width + t])),
  }
}

function generate(rows: number, width: number, targets: number): Data {
  const [x, w, noise] = [lcg(1).array(rows * width), lcg(2).array(width * targets), lcg(3).array(rows * targets)]
  const y = Array.from({ length: targets }, (_, t) =>
    Float64Array.from({ length: rows }, (_, i) => {
      let sum = noise[i * targets + t]
      for (let j = 0; j < width; j++) sum += x[i * width + j] * w[j * targets + t]
      return sum
    }),
  )
  return { x: Float64Array.from(x), y, rows, width }
}

/** Mean 0 and standard deviation 1, a column of `values` every `width` numbers. */
function standardise(values: Float64Array, width: number): void {
  const rows = values.length / width
  for (let j = 0; j < width; j++) {
    let [mean, square] = [0, 0]
    for (let i = 0; i < rows; i++) mean += values[i * width + j] / rows
    for (let i = 0; i < rows; i++) square += (values[i * width + j] - mean) ** 2 / rows
    for (let i = 0; i < rows; i++) values[i * width + j] = (values[i * width + j] - mean) / Math.sqrt(square)
  }
}

function ridge(): LinearWorkload {
  const { x, y, rows, width } = read('data/school/school.csv', 28, 1, [15_362, 1])
  const cells = { at: Int32Array.from({ length: rows }, (_, i) => i), y: y[0], weight: null }
  const alphas = Array.from({ length: 20 }, (_, k) => 10 ** (-2 + (6 * k) / 19))
  return {
    name: 'ridge_path',
    variants: ['once', 'loop'],
    exact: 'loop',
    fit: () => Float64Array.from(ridgePath(x, width, cells, alphas).flatMap((own) => [...own])),
  }
}

function lasso(): LinearWorkload {
  const { x, y, rows, width } = read('data/mulan-mtr/enb.arff', 8, 0, [768, 2])
  standardise(x, width)
  for (const own of y) standardise(own, 1)
  const at = Int32Array.from({ length: rows }, (_, i) => i)
  const frame = {
    x,
    encoder: { names: Array.from({ length: width }, (_, j) => `x${j}`) },
    outputs: y.map(() => ({ mean: 0, sd: 1 })),
    cells: y.map((own) => ({ at, y: own, weight: null })),
  } as unknown as Frame
  return {
    name: 'multitask_lasso',
    variants: ['default', 'exact'],
    exact: 'exact',
    fit: () => solveNet(momentsOf(frame), { penalty: 0.02, ratio: 1 }),
  }
}

export const linearWorkloads = { ridge_path: ridge, multitask_lasso: lasso }

/** Fits a second: the median over fits. */
export function linearRate({ fit }: LinearWorkload, seconds: number): number {
  const rates: number[] = []
  const end = performance.now() + 1000 * seconds
  while (performance.now() < end || rates.length < 3) {
    const start = performance.now()
    fit()
    rates.push(1000 / (performance.now() - start))
  }
  return rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]
}

export function linearPeer(name: string, variant: string, seconds: number): { rate: number; found: number[] } {
  const script = fileURLToPath(new URL('peers/linear.py', import.meta.url))
  const args = [
    script,
    name,
    '--variant',
    variant,
    '--seconds',
    String(seconds),
    '--data',
    fileURLToPath(shared('data')),
  ]
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`linear.py ${name} --variant ${variant} failed: ${stderr.slice(-500)}`)
  return JSON.parse(stdout) as { rate: number; found: number[] }
}

/** The largest difference of the coefficients, relative to the largest of them. */
export function linearError(workload: LinearWorkload): number {
  const { found } = linearPeer(workload.name, workload.exact, 0.1)
  const ours = workload.fit()
  if (ours.length !== found.length) return Infinity
  const largest = found.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
  return ours.reduce((worst, v, k) => Math.max(worst, Math.abs(v - found[k]) / largest), 0)
}
