import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, launch } from '../renderer/window.ts'
import { faultsOf } from '../renderer/axe.ts'
import { inOrder, THEMES, watchedPage } from './looking.ts'
import { serve } from './served.ts'
import type { Served } from './served.ts'
import { signsNpz, sitesCsv, trainOnSites } from './sites.ts'

/**
 * What a trained meta-learner shows and does, in a real browser over the real lab: its inner loop; a new task that it
 * learns from a few rows, step by step; which tasks are alike; images by class, in Chinese.
 */
if (!CHROMIUM) console.warn('skipped: meta-learning on screen needs Chromium (Debian: apt-get install chromium)')

/** A folder for pictures of what was looked at. */
const SHOTS = process.env.ENGRAM_LOOK
let shots = 0
/** A machine that is busy with other work. */
const PATIENCE = 600_000

describe.skipIf(!CHROMIUM)('meta-learning on screen', { timeout: PATIENCE }, () => {
  let lab: Served
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let trained: Awaited<ReturnType<typeof trainOnSites>>
  const faults: string[] = []

  async function open(locale: string) {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale, reducedMotion: 'reduce' })
    page = await watchedPage(context, faults)
    page.setDefaultTimeout(PATIENCE / 2)
    await page.goto(lab.url, { timeout: PATIENCE / 2 })
    await page.getByRole('navigation').first().waitFor()
  }
  const go = (place: string) => page.evaluate((hash) => void (location.hash = hash), place)

  beforeAll(async () => {
    lab = await serve()
    trained = await trainOnSites(lab.lab, lab.folder)
    browser = await launch()
    await open('en-GB')
  }, PATIENCE)
  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
  })

  inOrder()

  /** What axe finds, in both themes. */
  async function look() {
    for (const colorScheme of THEMES) {
      await page.emulateMedia({ colorScheme })
      if (SHOTS) await page.screenshot({ path: join(SHOTS, `meta-${++shots}-${colorScheme}.png`) })
      expect(await faultsOf(page), colorScheme).toEqual([])
    }
  }
  /** Nothing is wider than the window. */
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)

  test('the inner loop: every task pulls from the start; keys walk through the tasks; steps, and the table', async () => {
    await go(`#/brain/${trained.maml}?part=inner`)
    await page.locator('.plane svg').waitFor()
    expect(await page.locator('.plane g.end').count()).toBe(8)
    await page.getByText(/From this start, 5 steps take the mean query loss from/).waitFor()
    await page.getByText(/Cosine of the exact and the first-order meta-gradient/).waitFor()
    const walker = page.locator('.plane .walker')
    await walker.focus()
    await page.keyboard.press('ArrowRight')
    const at = (task: string) =>
      page.locator(`.walker[aria-label^="${task}: query loss"]`).waitFor({ state: 'attached' })
    await at('site=S0')
    await page.keyboard.press('End')
    await at('site=S3.5')
    await page.keyboard.press('Escape')
    await look()
    expect(await fits()).toBe(true)
    const steps = page.getByRole('radiogroup', { name: 'Steps of the inner loop' })
    await steps.getByText('1', { exact: true }).click()
    await page.getByText(/From this start, 1 step takes the mean query loss from/).waitFor()
    await page.getByText('Table', { exact: true }).click()
    await page.locator('.stage table').nth(1).waitFor()
  })

  test('adapt: a meta-learner, a handful of rows of a new site, the fit step by step, the rest predicted, the model saved', async () => {
    await go(`#/compare/${trained.experiment}`)
    await page.getByRole('button', { name: 'Use it on new rows' }).click()
    await page.locator('#new-model').click()
    await page.getByRole('option', { name: 'MAML' }).click()
    await page.getByText('Learn a new task first').click()
    await page.getByText('Drop the labelled rows of the new task').waitFor()
    const file = { name: 'new-site.csv', mimeType: 'text/csv', buffer: Buffer.from(sitesCsv([1.2], 14, 500, 8)) }
    await page.locator('input[type=file]').first().setInputFiles(file)
    await page.getByText('1 task learned from 8 labelled rows.').waitFor()
    // More steps fit the labelled rows better: the table of errors.
    const errorAt = async (step: string) =>
      Number(await page.getByRole('row', { name: step }).getByRole('cell').first().innerText())
    expect(await errorAt('After 10 steps')).toBeLessThan(await errorAt('Before'))
    for (const step of ['Start', '1', '5', '10'])
      await page.getByRole('radiogroup', { name: 'Steps of learning' }).getByText(step, { exact: true }).click()
    await page.locator('.new canvas').first().waitFor()
    await look()
    const [rest] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Predict this file: 6 rows have no label' }).click(),
    ])
    expect(rest.suggestedFilename()).toBe('new-site-predictions.csv')
    const [onnx] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save the adapted model (ONNX)' }).click(),
    ])
    expect(onnx.suggestedFilename()).toBe('new-site-model.onnx')
  })

  test('which tasks are alike: by figures, by lines of their own, and by what they gave each other', async () => {
    const { datasets } = await lab.lab.call('data.list', {})
    await go(`#/data/${datasets.find(({ name }) => name === 'sites')!.hash}`)
    await page.getByText('What it is like', { exact: true }).click()
    await page.getByText('y, all rows', { exact: true }).click()
    await page.getByRole('option', { name: 'site=S2', exact: true }).click()
    for (const by of [
      'by these figures',
      'by what a line of its own says',
      'by what they gave each other in “related sites”',
    ])
      await page.getByText(`Most like it, ${by} (distance):`).waitFor()
    await look()
  })

  test('images by class, in Chinese', async () => {
    const file = join(lab.folder, 'signs.npz')
    writeFileSync(file, signsNpz())
    const { hash } = await lab.lab.call('data.open', { files: [{ path: file }] })
    await context.close()
    await open('zh-CN')
    await go(`#/data/${hash}`)
    await page.getByText('84 幅 8 x 8 像素的图像。').waitFor()
    await page.getByText('sign 11', { exact: false }).first().waitFor()
    expect(await page.locator('.images li').count()).toBe(12)
    await page.getByRole('button', { name: '后面的' }).click()
    await page.getByText('第 13 到 14 类，共 14 类').waitFor()
    expect(await page.locator('.images li').count()).toBe(2)
    await look()
    expect(await fits()).toBe(true)
  })

  test('no policy violation and no fault was reported on the way', () => {
    expect(faults).toEqual([])
  })
})
