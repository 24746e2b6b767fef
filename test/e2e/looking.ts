import type { BrowserContext, Page } from 'playwright-core'
import { afterEach, beforeEach } from 'vitest'

export const THEMES = ['light', 'dark'] as const

/** A page of its own; what it complains of, and what fails in it, goes to `faults`. */
export async function watchedPage(context: BrowserContext, faults: string[]): Promise<Page> {
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
  return page
}

/** For tests that stand each on the one before: after a failure the rest says nothing. */
export function inOrder() {
  let broken = false
  beforeEach(({ skip }) => skip(broken, 'an earlier step failed'))
  afterEach(({ task }) => {
    broken ||= task.result?.state === 'fail'
  })
}
