import { z } from 'zod'

/** How the window looks and speaks. Kept by the lab under one key; remembered by the browser for the first paint. */
export const WindowSettings = z.object({
  language: z.enum(['en', 'zh']).optional(),
  theme: z.enum(['system', 'light', 'dark']).optional(),
  motion: z.enum(['system', 'less']).optional(),
})
export type WindowSettings = z.infer<typeof WindowSettings>

class Settings {
  language = $state<'en' | 'zh'>(navigatorLanguage())
  theme = $state<'system' | 'light' | 'dark'>('system')
  motion = $state<'system' | 'less'>('system')
  private systemDark = $state(false)
  private systemLess = $state(false)
  private save: (settings: WindowSettings) => void = () => {}

  readonly dark = $derived(this.theme === 'dark' || (this.theme === 'system' && this.systemDark))
  readonly less = $derived(this.motion === 'less' || this.systemLess)

  constructor() {
    if (typeof window === 'undefined') return
    follow('(prefers-color-scheme: dark)', (matches) => (this.systemDark = matches))
    follow('(prefers-reduced-motion: reduce)', (matches) => (this.systemLess = matches))
    this.apply(remembered())
  }

  /** Takes what the lab has kept, and from then on tells the lab of every change. */
  attach(kept: unknown, save: (settings: WindowSettings) => void) {
    const parsed = WindowSettings.safeParse(kept)
    if (parsed.success) this.apply(parsed.data)
    this.save = save
  }

  set(change: WindowSettings) {
    this.apply(change)
    const all = { language: this.language, theme: this.theme, motion: this.motion }
    remember(all)
    this.save(all)
  }

  private apply(change: WindowSettings) {
    if (change.language) this.language = change.language
    if (change.theme) this.theme = change.theme
    if (change.motion) this.motion = change.motion
  }
}

function navigatorLanguage(): 'en' | 'zh' {
  return typeof navigator !== 'undefined' && navigator.language?.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

function follow(query: string, tell: (matches: boolean) => void) {
  const list = window.matchMedia(query)
  tell(list.matches)
  list.addEventListener('change', (event) => tell(event.matches))
}

/** Storage may be refused (private windows, custom protocols): then the lab's answer comes a moment later. */
function remembered(): WindowSettings {
  try {
    return WindowSettings.parse(JSON.parse(localStorage.getItem('engram.window') ?? '{}'))
  } catch {
    return {}
  }
}

function remember(settings: WindowSettings) {
  try {
    localStorage.setItem('engram.window', JSON.stringify(settings))
  } catch {
    // The lab keeps them.
  }
}

export const settings = new Settings()
