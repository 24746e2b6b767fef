import { execFileSync } from 'node:child_process'

/** Debian's Python, which has the packages our figures are compared with. */
const PYTHON = '/usr/bin/python3'

/** null where Python has all of `modules`, else the line that says what is missing. */
export function missing(modules: string[]): string | null {
  try {
    execFileSync(PYTHON, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' })
    return null
  } catch {
    return `skipped: ${PYTHON} lacks ${modules.join(' or ')}`
  }
}

/** Runs a script with a JSON document on its input, and reads one from its output. */
export function python(script: string, input: unknown): unknown {
  const out = execFileSync(PYTHON, ['-c', script], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  return JSON.parse(out)
}
