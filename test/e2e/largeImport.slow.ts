import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, launch } from '../renderer/window.ts'
import { serve } from './served.ts'
import type { Served } from './served.ts'

/**
 * A large table through the real page: the window's thread stays free (no task longer than 100 ms), progress goes
 * forward, and cancel is heard. The browser's own long tasks are told beside; what counts is the time that the thread
 * itself worked, read from the trace, for on a busy machine every task takes longer.
 */
const ROWS = 200_000
const COLUMNS = 20

async function write(path: string, seed: number): Promise<void> {
  const out = createWriteStream(path)
  let text = `${Array.from({ length: COLUMNS }, (_, c) => `v${c}`).join(',')}\n`
  let state = seed
  for (let row = 0; row < ROWS; row++) {
    const cells = Array.from({ length: COLUMNS }, (_, c) => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      const u = (state >>> 0) / 2 ** 32
      return u < 0.02 ? '' : c === 19 ? `site${Math.floor(u * 12)}` : u.toFixed(6)
    })
    text += `${cells.join(',')}\n`
    if (text.length > 1 << 20) {
      if (!out.write(text)) await once(out, 'drain')
      text = ''
    }
  }
  out.end(text)
  await once(out, 'close')
}

type TraceEvent = { name: string; ph: string; pid: number; tid: number; tdur?: number }

/** Milliseconds that the page's main thread itself worked in each of its tasks. */
function tasksOf(events: TraceEvent[]): number[] {
  const main = events.find((event) => event.name === 'FireAnimationFrame' || event.name === 'UpdateLayoutTree')
  if (!main) throw new Error('no frame in the trace')
  return events.flatMap(({ name, ph, pid, tid, tdur }) =>
    name.endsWith('RunTask') && ph === 'X' && pid === main.pid && tid === main.tid ? [(tdur ?? 0) / 1000] : [],
  )
}

type Watched = { long: { at: number; ms: number }[]; percents: number[] }

if (!CHROMIUM) console.warn('skipped: the large import needs Chromium (Debian: apt-get install chromium)')

describe.skipIf(!CHROMIUM)(`${ROWS} x ${COLUMNS} through the page`, () => {
  let served: Served
  let browser: Browser
  let page: Page
  const watched = () => page.evaluate(() => (window as unknown as { watched: Watched }).watched)
  const datasets = async () => (await served.lab.call('data.list', {})).datasets.map(({ name, rows }) => [name, rows])

  beforeAll(async () => {
    served = await serve()
    await write(join(served.folder, 'large.csv'), 1)
    await write(join(served.folder, 'other.csv'), 2)
    browser = await launch()
    page = await (await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })).newPage()
    await page.addInitScript(() => {
      const watched: Watched = { long: [], percents: [] }
      Object.assign(window, { watched })
      new PerformanceObserver((list) => {
        for (const { startTime, duration } of list.getEntries()) watched.long.push({ at: startTime, ms: duration })
      }).observe({ type: 'longtask', buffered: true })
      new MutationObserver(() => {
        const text = document.querySelector('progress')?.value
        if (text !== undefined && text !== watched.percents.at(-1)) watched.percents.push(text)
      }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true })
    })
    await page.goto(served.url)
    await page.getByText('Drop a table here').waitFor()
    await page.waitForTimeout(1000)
  }, 180_000)
  afterAll(async () => {
    await browser?.close()
    await served?.stop()
  })

  test('the window stays free, and progress goes forward', async () => {
    // The observer itself is seen to work: a task that does block is told.
    await page.evaluate(() => {
      const until = performance.now() + 160
      while (performance.now() < until);
    })
    await expect.poll(async () => (await watched()).long.some(({ ms }) => ms >= 150)).toBe(true)
    const from = await page.evaluate(() => performance.now())
    await browser.startTracing(page, {
      categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
    })
    await page.locator('input[type=file]').first().setInputFiles(join(served.folder, 'large.csv'))
    await page.getByText('200,000 rows').first().waitFor({ timeout: 120_000 })
    await page.waitForTimeout(1000)
    const tasks = tasksOf(JSON.parse((await browser.stopTracing()).toString('utf8')).traceEvents)
    const { long, percents } = await watched()
    const seconds = (await page.evaluate(() => performance.now())) - from
    const during = long.filter(({ at }) => at >= from).map(({ ms }) => Math.round(ms))
    const worst = Math.max(...tasks)
    console.log(
      `large import: ${(seconds / 1000).toFixed(1)} s; longest task ${worst.toFixed(0)} ms of the thread; ` +
        `long tasks by the clock (ms): ${during.join(', ') || 'none'}`,
    )
    expect(tasks.length).toBeGreaterThan(100)
    expect(worst).toBeLessThan(100)
    expect(percents.length).toBeGreaterThan(3)
    expect(percents).toEqual([...percents].sort((a, b) => a - b))
    expect(await datasets()).toEqual([['large', ROWS]])
  })

  test('cancel ends it, and nothing is kept', async () => {
    await page.locator('input[type=file]').first().setInputFiles(join(served.folder, 'other.csv'))
    await page.locator('progress').waitFor()
    await page.waitForTimeout(300)
    const pressed = performance.now()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('progress').waitFor({ state: 'detached' })
    expect(performance.now() - pressed).toBeLessThan(2000)
    await page.waitForTimeout(4000)
    expect(await datasets()).toEqual([['large', ROWS]])
  })
})
