-- Drives fuzzls from Neovim's built-in client, without any plugin: what any user of
-- an LSP editor has. Environment: FUZZLS is the server, FILE the file with the fuzz
-- test to open, SOURCE the file that its crash is in, SHOTS where screens are written,
-- ROOT the folder to open, TYPE the files' type, FUZZ what is on the line that has the
-- lenses, INPUT how the file begins that shows the input of the crash, OPTIONS the
-- initialization options in JSON.
--
-- It ends with status 0, or prints what failed and ends with status 1.

local seconds = 1000
local server, shown, messages = vim.env.FUZZLS, {}, {}

local function say(text) io.stderr:write(text .. '\n') end

-- await runs the event loop until check returns something true.
local function await(what, timeout, check)
  local value
  local ok = vim.wait(timeout, function()
    value = check()
    return value
  end, 20)
  if not ok then error('waited in vain: ' .. what .. '\nmessages: ' .. vim.inspect(messages), 2) end
  return value
end

-- screen writes what is on the screen to a file.
local function screen(name)
  vim.cmd('redraw!')
  local rows = {}
  for row = 1, vim.o.lines do
    local cells = {}
    for column = 1, vim.o.columns do cells[column] = vim.fn.screenstring(row, column) end
    rows[row] = (table.concat(cells):gsub('%s+$', ''))
  end
  vim.fn.writefile(rows, vim.env.SHOTS .. '/' .. name .. '.txt')
end

local function lenses(buffer)
  vim.lsp.codelens.refresh(vim.fn.has('nvim-0.10') == 1 and { bufnr = buffer } or nil)
  return vim.lsp.codelens.get(buffer)
end

-- lens returns the lens at a line (from 0; any if nil) whose title contains text.
local function lens(buffer, line, text)
  for _, l in ipairs(lenses(buffer)) do
    if (not line or l.range.start.line == line) and l.command and l.command.title:find(text, 1, true) then return l end
  end
end

-- run chooses a lens as a user does: cursor on its line, codelens.run, and the menu.
local function run(buffer, l)
  local select = vim.ui.select
  vim.ui.select = function(items, options, choose)
    for i, item in ipairs(items) do
      local text = options.format_item and options.format_item(item) or tostring(item)
      if text:find(l.command.title, 1, true) then return choose(item, i) end
    end
    error('not in the menu: ' .. l.command.title .. ': ' .. vim.inspect(items))
  end
  vim.api.nvim_win_set_cursor(0, { l.range.start.line + 1, 0 })
  vim.lsp.codelens.run()
  vim.ui.select = select
end

-- lineOf returns the first line (from 0) that contains text.
local function lineOf(buffer, text)
  for i, line in ipairs(vim.api.nvim_buf_get_lines(buffer, 0, -1, false)) do
    if line:find(text, 1, true) then return i - 1 end
  end
  error('no line with ' .. text)
end

-- beside returns whether Neovim shows a diagnostic at the end of a line (from 0).
local function beside(buffer, line)
  for _, namespace in pairs(vim.diagnostic.get_namespaces()) do
    local marks = namespace.user_data.virt_text_ns
    if marks and #vim.api.nvim_buf_get_extmarks(buffer, marks, { line, 0 }, { line + 1, 0 }, {}) > 0 then return true end
  end
end

local function main()
  vim.o.columns, vim.o.lines, vim.wo.signcolumn = 120, 40, 'yes'
  local handlers = {
    ['window/showMessage'] = function(_, params)
      table.insert(messages, params.message)
    end,
  }
  local show = vim.lsp.handlers['window/showDocument']
  if show then
    handlers['window/showDocument'] = function(err, params, context, config)
      table.insert(shown, params.uri)
      return show(err, params, context, config)
    end
  end
  vim.cmd('edit ' .. vim.env.FILE)
  vim.bo.filetype = vim.env.TYPE
  local buffer = vim.api.nvim_get_current_buf()
  local folder = vim.env.ROOT
  local client = vim.lsp.start_client({
    name = 'fuzzls', cmd = { server, 'lsp' }, root_dir = folder,
    workspace_folders = { { uri = vim.uri_from_fname(folder), name = 'module' } },
    handlers = handlers, init_options = vim.json.decode(vim.env.OPTIONS),
  })
  assert(client, 'the server did not start')
  assert(vim.lsp.buf_attach_client(buffer, client))
  await('the server', 30 * seconds, function() return vim.lsp.buf_get_clients(buffer)[client] end)

  local fuzz = lineOf(buffer, vim.env.FUZZ)
  local start = await('a lens to start the fuzz test', 60 * seconds, function() return lens(buffer, fuzz, 'Fuzz') end)
  vim.api.nvim_win_set_cursor(0, { fuzz + 1, 0 })
  screen('idle')
  run(buffer, start)
  await('a lens with figures', 180 * seconds, function() return lens(buffer, fuzz, 'runs') end)
  local stop = await('a lens to stop', 10 * seconds, function() return lens(buffer, fuzz, 'Stop') end)

  local source = vim.fn.bufadd(vim.env.SOURCE)
  vim.fn.bufload(source)
  local crash = await('the crash as a diagnostic', 120 * seconds, function()
    for _, d in ipairs(vim.diagnostic.get(source)) do
      if d.severity == vim.diagnostic.severity.ERROR and d.source == 'fuzzls' then return d end
    end
  end)
  screen('running')
  run(buffer, stop)
  await('the lens to start again', 30 * seconds, function()
    return lens(buffer, fuzz, '▶') and not lens(buffer, fuzz, 'Stop')
  end)

  -- The crash is shown where it is, and opens from a code action there.
  vim.cmd('edit ' .. vim.env.SOURCE)
  vim.bo.filetype = vim.env.TYPE
  vim.lsp.buf_attach_client(source, client)
  vim.api.nvim_win_set_cursor(0, { crash.lnum + 1, crash.col })
  await('the crash beside its line', 30 * seconds, function() return beside(source, crash.lnum) end)
  screen('crash')
  local before = vim.api.nvim_buf_get_name(0)
  local offered = {}
  vim.ui.select = function(items, options, choose)
    for i, item in ipairs(items) do
      local title = options.format_item and options.format_item(item) or item[2].title
      table.insert(offered, title)
      if title:find('Open the input', 1, true) then return choose(item, i) end
    end
    table.insert(messages, 'no action opens the reproducer')
  end
  vim.lsp.buf.code_action()
  local function isInput() return vim.api.nvim_buf_get_lines(0, 0, 1, false)[1]:find(vim.env.INPUT, 1, true) == 1 end
  if show then
    await('the reproducer in a window', 30 * seconds, function()
      return vim.api.nvim_buf_get_name(0) ~= before and isInput()
    end)
  else
    -- This client cannot show documents: it is told where the reproducer is.
    await('a message with the reproducer', 30 * seconds, function()
      for _, m in ipairs(messages) do
        local path = m:match('^Open (/%S+)')
        if path then
          vim.cmd('edit ' .. vim.fn.fnameescape(path))
          return isInput()
        end
      end
    end)
  end
  screen('reproducer')

  vim.lsp.stop_client(client)
  await('the end of the server', 10 * seconds, function() return vim.lsp.client_is_stopped(client) end)
  say(('ok: Neovim %d.%d.%d, window/showDocument %s'):format(vim.version().major, vim.version().minor,
    vim.version().patch, tostring(show ~= nil)))
end

local ok, problem = xpcall(main, debug.traceback)
if not ok then
  say('FAIL ' .. tostring(problem))
  vim.cmd('cquit 1')
end
vim.cmd('qa!')
