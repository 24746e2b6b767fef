import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM, launch } from '../renderer/window.ts'
import { carsCsv } from './cars.ts'
import { faultsOf } from '../renderer/axe.ts'
import { inOrder, THEMES, watchedPage } from './looking.ts'
import { serve } from './served.ts'
import type { Served } from './served.ts'

/**
 * From drop to verdict in a real browser, over the real lab: the way a person goes. Every view is checked with axe in
 * both themes, and no policy violation or page error may be reported. With ENGRAM_SCREENSHOTS=1 the pictures that the
 * README shows are taken anew.
 */
const SHOTS = process.env.ENGRAM_SCREENSHOTS ? fileURLToPath(new URL('../../docs/screenshots/', import.meta.url)) : null

if (!CHROMIUM) console.warn('skipped: from drop to verdict needs Chromium (Debian: apt-get install chromium)')

describe.skipIf(!CHROMIUM)('from drop to verdict', () => {
  let lab: Served
  let browser: Browser
  let page: Page
  const faults: string[] = []

  beforeAll(async () => {
    lab = await serve()
    browser = await launch()
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
    page = await watchedPage(context, faults)
    await page.goto(lab.url)
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await lab?.stop()
  })

  inOrder()

  /** What axe finds, in both themes; the picture of each where pictures are asked for. */
  async function look(name: string) {
    const found: string[] = []
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await page.waitForTimeout(250)
      if (SHOTS) await page.screenshot({ path: `${SHOTS}${name}-${theme}.png` })
      found.push(...(await faultsOf(page)).map((violation) => `${name} ${theme}: ${violation}`))
    }
    await page.emulateMedia({ colorScheme: 'light' })
    expect(found).toEqual([])
  }

  const view = (name: string) => page.getByRole('navigation').getByText(name, { exact: true }).click()

  test('a dropped file is understood', async () => {
    await page.getByText('Drop a table here').waitFor()
    await look('welcome')
    const transfer = await page.evaluateHandle((text) => {
      const data = new DataTransfer()
      data.items.add(new File([text], 'cars.csv', { type: 'text/csv' }))
      return data
    }, carsCsv())
    const target = page.locator('main').first()
    for (const type of ['dragenter', 'dragover', 'drop']) await target.dispatchEvent(type, { dataTransfer: transfer })
    await page.getByText('406 rows').waitFor({ timeout: 30_000 })
    await page.getByText('What do you want to predict?').waitFor()
    await look('data')
  })

  test('the proposal runs as it is', async () => {
    await page.getByRole('button', { name: /Set up/ }).click()
    await page.getByRole('button', { name: /^Run/ }).waitFor()
    await page
      .getByText(/\d+ trials/)
      .first()
      .waitFor()
    await look('experiment')
    const pressed = Date.now()
    await page.getByRole('button', { name: /^Run/ }).first().click()
    const verdict = page.getByRole('button', { name: /verdict/i })
    await expect.poll(() => verdict.isEnabled(), { timeout: 20_000, interval: 50 }).toBe(true)
    const first = (Date.now() - pressed) / 1000
    console.log(`first verdict offered ${first.toFixed(1)} s after Run`)
    await look('running')
    await page.getByText('Nothing is running').waitFor({ timeout: 120_000 })
  })

  test('Compare says it in words, and offers three ways on', async () => {
    await view('Compare')
    await page
      .getByText(/Learning together|No |Not settled/)
      .first()
      .waitFor()
    for (const way of ['Use it on new rows', 'See why', 'Save the report'])
      await page
        .getByRole('button', { name: way })
        .or(page.getByRole('link', { name: way }))
        .first()
        .waitFor()
    await look('compare')
    for (const tab of ['Methods', 'Methods × tasks', 'Curves', 'Runs']) {
      await page.getByText(tab, { exact: true }).first().click()
      await page.waitForTimeout(400)
      await look(`compare-${tab.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`)
    }
  })

  test('the network can be seen, and a unit silenced', async () => {
    await view('Brain')
    await page.locator('canvas').first().waitFor({ timeout: 20_000 })
    await page.waitForTimeout(500)
    await look('brain')
    await page.locator('.walker').focus()
    for (const key of ['ArrowRight', 'ArrowDown', 'Enter']) await page.keyboard.press(key)
    await page.getByRole('heading', { name: 'Without Trunk 1' }).waitFor()
    await look('lesion')
  })

  test('the lesson goes forward and back', async () => {
    await view('Learn')
    await page.getByRole('button', { name: /^Step/ }).click()
    await look('learn')
  })

  test('no policy violation and no fault was reported on the way', () => {
    expect(faults).toEqual([])
  })
})
