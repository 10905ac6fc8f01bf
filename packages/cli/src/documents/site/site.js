// @ts-nocheck: it runs in a browser. The site without a framework: one page at a time, search, themes, and pictures that can be enlarged. Without scripts, all pages are there, one after
// the other.

{
  const byId = (id) => document.getElementById(id)
  const pages = [...document.querySelectorAll('.page')]
  const links = [...document.querySelectorAll('nav a')]

  // One page at a time. The address says which, and where on it.
  const show = (moves) => {
    const hash = location.hash.slice(1)
    const target = byId(hash) ?? pages[0]
    const page = target.closest('.page') ?? (target.id === 'main' ? undefined : pages[0])
    if (!page) return
    for (const each of pages) each.hidden = each !== page
    for (const link of links) {
      const leads = link.getAttribute('href').slice(1)
      if (leads === hash || (leads === page.id && target === page)) link.setAttribute('aria-current', 'true')
      else link.removeAttribute('aria-current')
      if (leads === page.id) {
        const contents = link.parentElement.querySelector('details')
        if (contents && moves) contents.open = true
      }
    }
    const title = target === page ? page.querySelector('h2') : target
    document.title = `${title.textContent} · ${byId('start').querySelector('h2').textContent}`
    if (!moves) return
    title.focus({ preventScroll: true })
    if (target === page) scrollTo(0, 0)
    else target.scrollIntoView()
  }
  addEventListener('hashchange', () => show(true))
  show(location.hash.length > 1)

  // Search. Every word must be found; titles count more than what is inside.
  const input = byId('search')
  const found = byId('found')
  const entries = JSON.parse(byId('entries').textContent).map(([title, what, href, words]) => ({
    title,
    what,
    href,
    low: title.toLowerCase(),
    all: `${title} ${what} ${words}`.toLowerCase(),
  }))
  let selected = 0
  const rank = ({ low, all }, terms) => {
    if (!terms.every((term) => all.includes(term))) return undefined
    if (low === terms.join(' ')) return 0
    if (terms.every((term) => low.includes(term))) return low.startsWith(terms[0]) ? 1 : 2
    return 2 + terms.filter((term) => !low.includes(term)).length
  }
  const select = (index) => {
    const items = [...found.children]
    if (items.length === 0) return
    selected = (index + items.length) % items.length
    for (const [at, item] of items.entries()) item.setAttribute('aria-selected', String(at === selected))
    items[selected].scrollIntoView({ block: 'nearest' })
    input.setAttribute('aria-activedescendant', items[selected].id)
  }
  const close = () => {
    found.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  const go = () => {
    const item = found.children[selected]
    if (!item) return
    close()
    input.value = ''
    if (location.hash === item.dataset.href) show(true)
    else location.hash = item.dataset.href
  }
  const look = () => {
    const terms = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    const ranked =
      terms.length === 0 ? [] : entries.map((entry) => [rank(entry, terms), entry]).filter(([at]) => at !== undefined)
    ranked.sort(([one, { low: a }], [other, { low: b }]) => one - other || a.length - b.length || (a < b ? -1 : 1))
    const shown = ranked.slice(0, 30).map(([, entry], index) => {
      const item = document.createElement('li')
      const what = document.createElement('span')
      item.id = `found-${index}`
      item.setAttribute('role', 'option')
      item.dataset.href = entry.href
      item.textContent = entry.title
      what.className = 'what'
      what.textContent = entry.what
      item.append(what)
      item.addEventListener('click', () => {
        selected = index
        go()
      })
      return item
    })
    found.replaceChildren(...shown)
    byId('count').textContent = terms.length === 0 ? '' : `${ranked.length} found`
    found.hidden = shown.length === 0
    input.setAttribute('aria-expanded', String(shown.length > 0))
    select(0)
  }
  input.addEventListener('input', look)
  input.addEventListener('focus', look)
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') select(selected + 1)
    else if (event.key === 'ArrowUp') select(selected - 1)
    else if (event.key === 'Enter') go()
    else if (event.key === 'Escape') {
      input.value = ''
      close()
    } else return
    event.preventDefault()
  })
  found.addEventListener('mousedown', (event) => event.preventDefault())
  input.addEventListener('blur', close)
  addEventListener('keydown', (event) => {
    const isWriting = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName)
    if (event.key !== '/' || isWriting || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    input.focus()
  })
  input.closest('.search').hidden = false

  // Themes: as the system has it, dark, light. Where nothing can be stored, the choice ends with the page.
  const theme = byId('theme')
  const themes = { auto: 'Theme: system', dark: 'Theme: dark', light: 'Theme: light' }
  const stored = () => {
    try {
      return localStorage.getItem('indelible-theme')
    } catch {
      return null
    }
  }
  const apply = (name) => {
    document.documentElement.dataset.theme = name
    theme.textContent = themes[name]
    try {
      localStorage.setItem('indelible-theme', name)
    } catch {}
  }
  let current = themes[stored()] ? stored() : 'auto'
  apply(current)
  theme.addEventListener('click', () => {
    const names = Object.keys(themes)
    current = names[(names.indexOf(current) + 1) % names.length]
    apply(current)
  })
  theme.hidden = false

  // Pictures: buttons, the keys + - 0, and the mouse. What is larger than its frame is scrolled, also with the arrow keys.
  for (const picture of document.querySelectorAll('.picture')) {
    const view = picture.querySelector('.view')
    const svg = picture.querySelector('svg')
    const full = svg.viewBox.baseVal
    let scale
    const zoom = (to) => {
      const was = svg.getBoundingClientRect().width || full.width
      const middle = [(view.scrollLeft + view.clientWidth / 2) / was, (view.scrollTop + view.clientHeight / 2) / was]
      scale = to === undefined ? undefined : Math.min(4, Math.max(0.1, to))
      picture.classList.toggle('zoomed', scale !== undefined)
      svg.style.width = scale === undefined ? '' : `${full.width * scale}px`
      const now = svg.getBoundingClientRect().width
      view.scrollLeft = middle[0] * now - view.clientWidth / 2
      view.scrollTop = middle[1] * now - view.clientHeight / 2
    }
    const shown = () => scale ?? svg.getBoundingClientRect().width / full.width
    const acts = [
      ['−', 'Smaller', () => zoom(shown() / 1.3)],
      ['+', 'Larger', () => zoom(shown() * 1.3)],
      ['1:1', 'Full size', () => zoom(1)],
      ['Fit', 'Fit to the width', () => zoom(undefined)],
      [
        'Full screen',
        'Full screen',
        () => (document.fullscreenElement ? document.exitFullscreen() : picture.requestFullscreen()),
      ],
    ]
    const tools = document.createElement('div')
    tools.className = 'tools'
    tools.setAttribute('role', 'group')
    tools.setAttribute('aria-label', 'Size of the picture')
    for (const [text, label, act] of acts) {
      const button = document.createElement('button')
      button.type = 'button'
      button.textContent = text
      button.setAttribute('aria-label', label)
      button.addEventListener('click', act)
      tools.append(button)
    }
    picture.prepend(tools)
    view.addEventListener('keydown', ({ key, ctrlKey, metaKey }) => {
      if (ctrlKey || metaKey) return
      if (key === '+' || key === '=') zoom(shown() * 1.3)
      else if (key === '-') zoom(shown() / 1.3)
      else if (key === '0') zoom(undefined)
    })
    view.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0 || scale === undefined || event.target.closest('a'))
        return
      const from = [event.clientX + view.scrollLeft, event.clientY + view.scrollTop]
      const move = ({ clientX, clientY }) => view.scrollTo(from[0] - clientX, from[1] - clientY)
      view.setPointerCapture(event.pointerId)
      view.addEventListener('pointermove', move)
      view.addEventListener('pointerup', () => view.removeEventListener('pointermove', move), { once: true })
    })
  }
}
