import { expect, test } from 'vitest'
import { hitRate, suggest, type Remembered } from '../../core/metafeatures/memory.ts'
import { shareInterval } from '../../core/stats/intervals.ts'

/** Data sets with few rows are won by ridge, those with many by a network. */
const earlier = (k: number): Remembered => ({
  hash: `h${k}`,
  name: `data ${k}`,
  experiment: `e${k}`,
  question: 'numbers rows',
  features: { nr_inst: k * 100, nr_attr: 5 },
  metric: 'rmse',
  better: 'lower',
  tried: [
    { id: 'mean', params: {}, figure: 9 },
    { id: 'ridge', params: { alpha: 10 }, figure: k < 5 ? 1 : 2 },
    { id: 'single-task-mlp', params: {}, figure: k < 5 ? 2 : 1 },
  ],
  proposed: ['ridge', 'single-task-mlp'],
})
const known = [1, 2, 3, 7, 8, 9].map(earlier)
const all = () => true

test('what won on the data set most alike is suggested, with its parameters, and never from the data set itself', () => {
  const small = { hash: 'new', question: 'numbers rows', features: { nr_inst: 120, nr_attr: 5 } }
  expect(suggest(known, small, all)).toMatchObject({
    best: { id: 'ridge', params: { alpha: 10 } },
    from: { name: 'data 1' },
  })
  const large = { ...small, features: { nr_inst: 900 } }
  expect(suggest(known, large, all)).toMatchObject({ best: { id: 'single-task-mlp' }, from: { name: 'data 9' } })
  expect(suggest(known, { ...large, hash: 'h9' }, all)?.from.name).toBe('data 8')
  // What cannot be done here is passed over; what was never asked is not answered.
  expect(suggest(known, large, (id) => id !== 'single-task-mlp')?.best.id).toBe('ridge')
  expect(suggest(known, { ...small, question: 'classes rows' }, all)).toBeNull()
  expect(suggest([], small, all)).toBeNull()
})

test('the nearest is alike where it is no further than earlier ones are from each other; two earlier ones say nothing', () => {
  const asked = { hash: 'new', question: 'numbers rows', features: { nr_inst: 720, nr_attr: 5 } }
  expect(suggest(known, asked, all)).toMatchObject({ from: { name: 'data 7' }, alike: true })
  expect(suggest(known, { ...asked, features: { nr_inst: 90_000 } }, all)).toMatchObject({ alike: false })
  // A copy of the same data set under another name is still one place.
  const two = [earlier(1), earlier(7), { ...earlier(7), experiment: 'again' }]
  expect(suggest(two, asked, all)).toMatchObject({ from: { name: 'data 7' }, alike: false })
})

test('the hit rate leaves each data set out, counts ties within 2 %, and is silent with fewer than five', () => {
  expect(hitRate(known)).toMatchObject({ n: 6, hits: 6, share: { value: 1 } })
  expect(hitRate(known.slice(0, 4))).toEqual({ n: 4, hits: 3, share: null })
  const odd = { ...earlier(2), tried: earlier(9).tried }
  expect(hitRate([earlier(1), odd, ...known.slice(2)])).toMatchObject({ n: 6, hits: 3 })
  const tie = { ...odd, tried: odd.tried.map((own) => (own.id === 'ridge' ? { ...own, figure: 1.015 } : own)) }
  expect(hitRate([earlier(1), tie, ...known.slice(2)]).hits).toBe(4)
  // What was advised and not tried there says nothing.
  const without = { ...earlier(9), tried: earlier(9).tried.filter(({ id }) => id !== 'single-task-mlp') }
  expect(hitRate([...known.slice(0, 5), without]).n).toBe(5)
  // Experiments of one data set count once, and advise nothing about each other.
  expect(hitRate([earlier(1), { ...earlier(1), experiment: 'again' }])).toEqual({ n: 0, hits: 0, share: null })
})

test('the interval of a share is that of Wilson', () => {
  // statsmodels.stats.proportion.proportion_confint(8, 10, method='wilson')
  expect(shareInterval(8, 10)[0]).toBeCloseTo(0.4901625, 6)
  expect(shareInterval(8, 10)[1]).toBeCloseTo(0.9433178, 6)
  expect(shareInterval(0, 5)[0]).toBe(0)
})
