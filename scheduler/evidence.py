"""What speaks for a role, as data: folders, file names, suffixes and words, in English and Chinese.

Never: a decision; `classify.py` weighs. A plan's own role is known by its name alone, unless that name is one of the
words here: a role called `ui` or `qa` is spoken for by all that speaks for `frontend` or `testing`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """Lower case throughout. `names` are pieces of a file's name that settle what it is, whatever folder it is in;
    `words` are whole words of Latin script, `signs` are pieces of Chinese text."""

    folders: frozenset[str]
    suffixes: frozenset[str]
    names: tuple[str, ...]
    words: frozenset[str]
    signs: frozenset[str]


def _evidence(folders: str, suffixes: str, names: str, words: str, signs: str) -> Evidence:
    return Evidence(
        frozenset(folders.split()),
        frozenset(suffixes.split()),
        tuple(names.split()),
        frozenset(words.split()),
        frozenset(signs.split()),
    )


FRONTEND = _evidence(
    """frontend front web ui client webapp components component pages page views layouts styles css assets static public
    templates hooks widgets themes""",
    ".tsx .jsx .vue .svelte .css .scss .sass .less .html .htm .astro .svg",
    "vite.config tailwind.config postcss.config",
    """frontend front-end front ui ux web browser client page pages screen screens component components button buttons
    form forms css style styles styling stylesheet layout responsive react vue svelte angular html dom widget widgets
    modal navbar sidebar theme typescript tailwind accessibility icon icons dashboard""",
    """前端 页面 界面 组件 样式 按钮 交互 布局 表单 浏览器 网页 弹窗 图标 主题 响应式 视图 导航栏 仪表盘 小程序""",
)

BACKEND = _evidence(
    """backend back server api apis service services model models migrations migration db database sql routes routers
    controllers handlers schemas schema domain repositories core workers jobs queue auth graphql grpc proto""",
    ".go .rs .java .kt .scala .sql .proto .rb .php .cs .ex .py",
    "alembic.ini prisma.schema go.mod cargo.toml pom.xml requirements.txt",
    """backend back-end back server servers api apis endpoint endpoints database databases db sql table tables schema
    schemas migration migrations migrate model models orm query queries service services rest graphql grpc route routes
    router controller auth authentication authorization cache redis postgres postgresql mysql sqlite queue worker job
    cron webhook middleware seed""",
    """后端 接口 数据库 服务端 服务器 迁移 数据表 建表 表结构 字段 索引 鉴权 认证 授权 缓存 队列 业务逻辑 模型 中间件
    路由 事务 存储""",
)

TESTING = _evidence(
    "test tests testing __tests__ spec specs e2e qa cypress playwright fixtures testdata",
    ".feature",
    "test_ _test. .test. .spec. _spec. conftest.py pytest.ini jest.config playwright.config cypress.config",
    """testing test tests tester tested qa pytest unittest jest vitest playwright cypress coverage regression fixture
    fixtures assertion assertions verify verification acceptance benchmark fuzz""",
    "测试 用例 单测 回归 覆盖率 断言 验收 压测 质量保证",
)

DOCS = _evidence(
    "docs doc documentation wiki guides guide manual tutorials tutorial handbook",
    ".md .mdx .rst .adoc .txt",
    "readme changelog contributing license mkdocs",
    """docs doc documentation document documents documented readme guide guides manual tutorial tutorials changelog
    explain explanation handbook glossary faq docstring docstrings wiki reference""",
    "文档 说明 手册 教程 注释 自述 指南 更新日志 帮助 词汇表 变更记录",
)

KINDS = {"frontend": FRONTEND, "backend": BACKEND, "testing": TESTING, "docs": DOCS}

ACTIVITIES = frozenset({"testing", "docs"})
"""What is done to a thing rather than the thing: the tests of a page and the manual of an interface are tests and
a manual, so in paths and titles they weigh more. In a prompt, where everybody is told to keep the tests green, less."""
