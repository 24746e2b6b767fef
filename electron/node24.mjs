import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Plain JavaScript that every Node since 20 reads. Engram needs Node 24; the project brings its own from the registry
 * (docs/decisions), so an older Node only has to hand over.
 */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

export const isNode24 = () => Number(process.versions.node.split('.')[0]) >= 24

/** The path of a Node 24, or null after saying in one line why there is none. */
export function node24() {
  if (isNode24()) return process.execPath
  const program = process.platform === 'win32' ? 'node.exe' : 'node'
  const target = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const places = [`node-${target}`, `node-bin-${target}`].map((name) =>
    join(ROOT, 'node_modules', name, 'bin', program),
  )
  const found = places.find((place) => existsSync(place))
  if (found) return found
  const remedy = existsSync(join(ROOT, 'node_modules'))
    ? 'Install Node 24 from nodejs.org and try again.'
    : 'Run `npm ci` first, which brings it.'
  console.error(`Engram needs Node 24; this is Node ${process.versions.node} (${target}). ${remedy}`)
  return null
}

/**
 * Runs a script of ours under Node 24 with the same screen; resolves to its exit status. What Node made of the sources
 * is kept beside the packages: reading them anew each time is half of the time until a command begins.
 */
export function runNode(script, args = [], options = {}) {
  const node = node24()
  if (!node) return Promise.resolve(2)
  const env = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'engram'), ...process.env }
  return run(node, ['--disable-warning=ExperimentalWarning', script, ...args], { env, ...options })
}

/** Runs a program; signals to stop are passed on, so that it ends in its own time. */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options })
    // A key press (Ctrl+C) reaches the whole group by itself; a signal sent to this process alone must be passed on.
    const pass = (signal) => () => child.kill(signal)
    const terminate = pass('SIGTERM')
    const ignore = () => {}
    process.on('SIGTERM', terminate)
    process.on('SIGINT', ignore)
    child.on('error', (error) => {
      console.error(`Engram could not start ${program}: ${error.message}`)
      resolve(1)
    })
    child.on('close', (code, signal) => {
      process.off('SIGTERM', terminate)
      process.off('SIGINT', ignore)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}
