import axe from 'axe-core'
import type { Page } from 'playwright-core'

type Results = { violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[] }

/** What axe finds on the page as it is, once it stands still. */
export async function faultsOf(page: Page): Promise<string[]> {
  // A colour on its way to another is neither: none sets out from here, and those on their way are waited for.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.locator('html[data-motion=less]').waitFor({ state: 'attached' })
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((own) => Number.isFinite(own.effect?.getComputedTiming().endTime))
        .map((own) => own.finished),
    ).then(() => undefined),
  )
  // Chrome's own debugging channel runs it: the page's policy allows no foreign script.
  const results = await page.evaluate(`(() => { ${axe.source}; return axe.run({ resultTypes: ['violations'] }) })()`)
  const { violations } = results as Results
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  )
}
