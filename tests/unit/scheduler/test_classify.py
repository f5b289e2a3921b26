"""Which role a task is given."""

from collections import Counter

import pytest

from scheduler.classify import roles
from state.ids import RoleName, TaskId
from state.plan import DEFAULT_WINDOWS, Plan, TaskSpec, WindowSpec


def role_of(spec: TaskSpec, *windows: str) -> str:
    offered = tuple(WindowSpec(RoleName(name)) for name in windows) or DEFAULT_WINDOWS
    return roles(Plan("p", (spec,), windows=offered))[0]


def spec(title: str = "", *paths: str, prompt: str = "", run: str | None = None) -> TaskSpec:
    return TaskSpec(TaskId("t"), title=title, prompt=prompt, touches=paths, run=run)


@pytest.mark.parametrize(
    ("title", "role"),
    [
        ("Create the order tables", "backend"),
        ("Add a REST endpoint for search", "backend"),
        ("Style the login page", "frontend"),
        ("Build the OrderList component in React", "frontend"),
        ("Write tests for the API", "testing"),
        ("Raise the coverage of the checkout page", "testing"),
        ("Document the API", "docs"),
        ("Update the README with screens of the page", "docs"),
        ("实现登录页面的表单", "frontend"),
        ("前端界面样式调整", "frontend"),
        ("新增订单接口", "backend"),
        ("数据库迁移：订单表结构", "backend"),
        ("为登录接口编写测试用例", "testing"),
        ("编写接口文档", "docs"),
        ("更新使用说明", "docs"),
        ("后端：缓存与队列", "backend"),
    ],
)
def test_a_title_speaks_for_a_role_in_english_and_chinese(title: str, role: str) -> None:
    assert role_of(spec(title)) == role


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("web/src/App.tsx", "frontend"),
        ("src/components/**", "frontend"),
        ("shop/models/**", "backend"),
        ("migrations/**", "backend"),
        ("cmd/main.go", "backend"),
        ("tests/api/test_orders.py", "testing"),
        ("web/src/App.test.tsx", "testing"),
        ("server/orders_test.go", "testing"),
        ("docs/**", "docs"),
        ("README.md", "docs"),
        ("backend/README.md", "docs"),
    ],
)
def test_paths_speak_for_a_role(path: str, role: str) -> None:
    assert role_of(spec("", path)) == role
    assert role_of(TaskSpec(TaskId("t"), exclusive=(path,))) == role


def test_folders_and_suffixes_count_more_than_words() -> None:
    assert role_of(spec("Change the page", "server/db/orders.sql")) == "backend"
    assert role_of(spec("Change the database", "web/pages/orders.vue")) == "frontend"


def test_what_is_run_and_what_is_asked_count_where_nothing_else_does() -> None:
    assert role_of(spec(run="pytest -q")) == "testing"
    assert role_of(spec("Orders", prompt="Add the endpoint and its database query.")) == "backend"


def test_a_prompt_that_asks_to_keep_tests_and_docs_good_is_not_about_them() -> None:
    asked = "Add the endpoint. Make sure that the tests pass."
    assert role_of(spec("Orders", prompt=asked)) == "backend"


def test_a_long_prompt_does_not_outweigh_a_path() -> None:
    asked = (
        "database table schema query migration endpoint api server orm cache redis queue worker cron webhook seed " * 9
    )
    assert role_of(spec("", "web/src/App.tsx", prompt=asked)) == "frontend"


def test_the_tasks_own_role_and_window_come_before_all_evidence() -> None:
    title = "Document the API"
    assert role_of(TaskSpec(TaskId("t"), title=title, role=RoleName("backend"))) == "backend"
    assert role_of(TaskSpec(TaskId("t"), title=title, window="frontend")) == "frontend"
    assert role_of(TaskSpec(TaskId("t"), title=title, window="backend-2")) == "backend"


def test_a_role_of_the_plans_own_is_known_by_its_name() -> None:
    assert role_of(spec("Set up the infra"), "backend", "infra") == "infra"
    assert role_of(spec("", "infra/main.tf"), "backend", "infra") == "infra"
    assert role_of(spec("移动端登录"), "backend", "移动端") == "移动端"


@pytest.mark.parametrize(
    ("name", "title"),
    [("ui", "Style the login page"), ("qa", "Write tests"), ("web-client", "Add a form"), ("测试", "补充断言")],
)
def test_a_role_with_another_name_for_a_known_kind_takes_its_tasks(name: str, title: str) -> None:
    assert role_of(spec(title), "infra", name) == name


def test_a_task_goes_to_no_role_that_the_plan_has_no_window_for() -> None:
    assert role_of(spec("Document the API"), "backend", "frontend") == "backend"
    assert role_of(spec("Settle it"), "resolver", "backend") == "backend"
    assert role_of(spec("Settle it"), "resolver") == "resolver"


def test_tasks_without_evidence_are_spread_by_capacity() -> None:
    tasks = tuple(TaskSpec(TaskId(f"t{number}")) for number in range(50))
    assert Counter(roles(Plan("p", tasks))) == {"backend": 20, "frontend": 10, "testing": 10, "docs": 10}


def test_the_share_out_counts_the_work_that_is_fixed_and_its_estimates() -> None:
    windows = (WindowSpec(RoleName("backend")), WindowSpec(RoleName("frontend")))
    fixed = TaskSpec(TaskId("fixed"), role=RoleName("backend"), estimate=3000.0)
    free = tuple(TaskSpec(TaskId(f"t{number}"), estimate=1000.0) for number in range(4))
    found = roles(Plan("p", (*free, fixed), windows=windows))
    assert Counter(found) == {"frontend": 3, "backend": 2}


def test_a_tie_is_shared_out_among_those_that_tie() -> None:
    tasks = tuple(TaskSpec(TaskId(f"t{number}"), title="form endpoint") for number in range(9))
    assert Counter(roles(Plan("p", tasks))) == {"backend": 6, "frontend": 3}


def test_the_same_plan_is_always_classified_alike() -> None:
    tasks = tuple(TaskSpec(TaskId(f"t{number}"), title=title) for number, title in enumerate(["", "api", "", "page"]))
    assert roles(Plan("p", tasks)) == roles(Plan("p", tasks))


def test_a_plan_without_windows_is_classified_by_the_default_ones() -> None:
    assert roles(Plan("p", (spec("Add an endpoint"),), windows=())) == ("backend",)
