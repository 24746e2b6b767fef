import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zipSync } from 'fflate'
import type { Lab } from '../../core/contract.ts'
import { npy } from '../data/arrays.ts'
import { run } from '../lab/labs.ts'

const wave = (i: number, k: number) => Math.sin(i * 12.9898 + k * 78.233)

/** y = 2 a - b + level of the site, as a person's CSV file; rows without a label where `labels` is less than `each`. */
export function sitesCsv(levels: readonly number[], each: number, from = 0, labels = each): string {
  const lines = levels.flatMap((level, s) =>
    Array.from({ length: each }, (_, i) => {
      const [a, b] = [wave(from + i * 7 + s, 1), wave(from + i * 7 + s, 2)]
      const y = 2 * a - b + 3 * level + 0.1 * wave(from + i, 3)
      return [a.toFixed(4), b.toFixed(4), `S${level}`, i < labels ? y.toFixed(4) : ''].join(',')
    }),
  )
  return ['a,b,site,y', ...lines].join('\n')
}

/** 14 signs of six images each, as `numpy.savez` writes them. */
export function signsNpz(): Uint8Array {
  const [classes, each] = [14, 6]
  const pixels = Uint8Array.from({ length: classes * each * 64 }, (_, i) => {
    const [sign, place] = [Math.floor(i / (64 * each)), i % 64]
    const on = Math.abs(wave(place, sign)) > 0.6
    return (on ? 190 : 10) + Math.floor(40 * Math.abs(wave(i, 5)))
  })
  const label = Int32Array.from({ length: classes * each }, (_, row) => Math.floor(row / each))
  return zipSync({
    'images.npy': npy('|u1', [classes * each, 8, 8], pixels),
    'sign.npy': npy('<i4', [classes * each], label),
  })
}

/** A meta-learner trained on eight sites, and what sites give each other, measured: in a lab, with the ids of the runs. */
export async function trainOnSites(lab: Lab, folder: string): Promise<{ maml: string; experiment: string }> {
  const file = join(folder, 'sites.csv')
  writeFileSync(file, sitesCsv([0, 1, 2, 3, 0.5, 1.5, 2.5, 3.5], 20))
  const { hash } = await lab.call('data.open', { files: [{ path: file }] })
  const data = { hash, roles: { targets: ['y'], task: 'site' } }
  const related = {
    name: 'related sites',
    data,
    methods: [{ id: 'mean-regularised' }],
    evaluation: { protocol: 'k-fold', folds: 2 },
    twins: false,
    relations: { designs: ['pairs'] },
  }
  const { id } = await lab.call('experiment.run', { spec: related, confirmed: 2 * (8 + 28) } as never)
  const done = await run(lab, {
    name: 'sites',
    data,
    methods: [{ id: 'maml', params: { iterations: 200 } }, { id: 'ridge' }],
    evaluation: { protocol: 'k-fold', folds: 2 },
    twins: false,
  })
  while (!['done', 'failed'].includes((await lab.call('experiment.get', { id })).line.status))
    await new Promise((resolve) => setTimeout(resolve, 50))
  const maml = done.runs.find((r) => r.methodKey === 'maml' && r.fold === 'all')
  if (done.status !== 'done' || !maml) throw new Error(`internal: the sites were not learned: ${done.status}`)
  return { maml: maml.id, experiment: done.id }
}
