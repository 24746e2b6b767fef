#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { node24, ROOT, run, runNode } from './node24.mjs'

/**
 * `npm start`: the desktop window where Electron's binary can be had, otherwise one line saying why and the same lab
 * in the browser. `--browser` asks for the browser, `--no-open` (or BROWSER=none) only prints its address.
 */
const args = process.argv.slice(2)
const modules = join(ROOT, 'node_modules')
const electronFolder = join(modules, 'electron')
const OWN = ['--browser', '--no-open']
const viteArguments = [
  join(modules, 'vite', 'bin', 'vite.js'),
  'build',
  '--config',
  'renderer/vite.config.ts',
  '--logLevel',
  'error',
]
const electronViteArguments = [
  join(modules, 'electron-vite', 'bin', 'electron-vite.js'),
  'build',
  '--logLevel',
  'error',
]

process.exitCode = await start()

async function start() {
  if (!existsSync(modules)) {
    console.error('Engram is not set up yet: run `npm ci` first.')
    return 2
  }
  if (!node24()) return 2
  const why = args.includes('--browser') ? 'asked for' : await openWindow()
  if (why === null) return 0
  if (why !== 'asked for') console.log(`The desktop window cannot open (${why}); the same lab runs in a browser.`)
  if (!(await buildPage())) return 1
  const open = args.includes('--no-open') || process.env.BROWSER === 'none' ? [] : ['--open']
  return runNode(join(ROOT, 'electron', 'cli.ts'), ['serve', ...open, ...args.filter((a) => !OWN.includes(a))])
}

/** null after the window was open and closed again, otherwise why it cannot be. */
async function openWindow() {
  if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'there is no display'
  const failure = await fetchElectron()
  if (failure) return failure
  if (!(await build('out/main/main.js', ['electron', 'core'], electronViteArguments)) || !(await buildPage()))
    return 'its parts could not be built'
  const began = Date.now()
  let said = ''
  const child = spawn(electronBinary(), [ROOT, ...args.filter((a) => !OWN.includes(a))], {
    stdio: ['inherit', 'inherit', 'pipe'],
  })
  child.stderr.on('data', (bytes) => {
    said = (said + bytes).slice(-4000)
    process.stderr.write(bytes)
  })
  // A signal sent to this process alone: the window ends in its own time, and with it this process.
  let asked = false
  const terminate = () => {
    asked = true
    child.kill('SIGTERM')
  }
  process.on('SIGTERM', terminate)
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      said = error.message
      resolve(1)
    })
    child.on('close', (status) => resolve(status))
  })
  process.off('SIGTERM', terminate)
  if (asked) return null
  // A binary that lacks a library or its sandbox ends at once; a window that was used and then failed does not.
  if (code !== 0 && Date.now() - began < 15_000) return said.trim().split('\n').at(-1) || 'Electron ended at once'
  return null
}

function electronBinary() {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH || join(electronFolder, 'dist')
  const name = existsSync(join(electronFolder, 'path.txt'))
    ? readFileSync(join(electronFolder, 'path.txt'), 'utf8')
    : { win32: 'electron.exe', darwin: 'Electron.app/Contents/MacOS/Electron' }[process.platform] || 'electron'
  return join(folder, name)
}

/** Electron's binary comes from GitHub at first run. '' when it is there, otherwise why not. */
async function fetchElectron() {
  if (existsSync(electronBinary())) return ''
  if (!existsSync(join(electronFolder, 'install.js'))) return 'Electron is not installed'
  const reachable = await answers('https://github.com/electron/electron/releases')
  if (reachable) console.log('Fetching the desktop window (Electron, about 110 MB, once) ...')
  // Where GitHub cannot be reached, a copy may still be in Electron's cache: that takes seconds.
  const limit = reachable ? 600_000 : 10_000
  const child = spawn(node24(), [join(electronFolder, 'install.js')], { stdio: 'ignore' })
  const timer = setTimeout(() => child.kill(), limit)
  await new Promise((resolve) => child.on('error', resolve).on('close', resolve))
  clearTimeout(timer)
  if (existsSync(electronBinary())) return ''
  return reachable ? "Electron's binary could not be fetched" : "Electron's binary comes from GitHub, out of reach here"
}

async function answers(address) {
  // Electron's own fetching knows proxies and mirrors; this probe does not.
  const settings = [
    'HTTPS_PROXY',
    'https_proxy',
    'ELECTRON_GET_USE_PROXY',
    'ELECTRON_MIRROR',
    'npm_config_electron_mirror',
  ]
  if (settings.some((name) => process.env[name])) return true
  try {
    await fetch(address, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(4000) })
    return true
  } catch {
    return false
  }
}

function buildPage() {
  return build('out/renderer/index.html', ['renderer', 'core'], viteArguments)
}

/** Builds when the product is missing or older than its sources. */
async function build(product, sources, buildArguments) {
  if (existsSync(join(ROOT, product)) && statSync(join(ROOT, product)).mtimeMs > newest(sources)) return true
  console.log('Building Engram (this takes a few seconds, once) ...')
  const env = { ...process.env, NODE_ENV: 'production' }
  const code = await run(node24(), buildArguments, { cwd: ROOT, env, stdio: ['ignore', 'ignore', 'inherit'] })
  if (code !== 0) console.error('Engram could not be built: see the lines above.')
  return code === 0
}

function newest(folders) {
  let time = 0
  for (const folder of folders)
    for (const name of readdirSync(join(ROOT, folder), { recursive: true }))
      time = Math.max(time, statSync(join(ROOT, folder, name)).mtimeMs)
  return time
}
