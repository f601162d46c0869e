//! The macro library, macro by macro: what a template writes, and what stands in the rendered file.

use crate::support::{config, folder, printed, text, tree};

/// What a call of a macro gives.
fn call(call: &str) -> Result<String, String> {
    let file = call.split('.').next().unwrap();
    printed(&format!("{{%- import \"{file}.j2\" as {file} -%}}{{{{ {call} }}}}"))
}

fn check(table: &[(&str, &str)]) {
    for (called, want) in table {
        assert_eq!(call(called).as_deref(), Ok(*want), "{called}");
    }
}

fn refused(table: &[(&str, &str)]) {
    for (called, want) in table {
        let message = call(called).unwrap_err();
        assert_eq!(message, format!("the template cannot be rendered: {want}"), "{called}");
    }
}

#[test]
fn apt_installs_packages_and_files() {
    let clean = "apt-get clean -yqq && \\\nrm -rf /var/lib/apt/lists/*";
    check(&[
        ("apt.global_options", "-yqq"),
        ("apt.clean_command()", clean),
        (
            "apt.install('a, b')",
            &format!(
                "apt-get update -yqq && \\\napt-get install -yqq --no-install-recommends \\\n    a \\\n    b && \\\n{clean}"
            ),
        ),
        (
            "apt.install(['a'], ['/f', ' /g '], False)",
            &format!(
                "apt-get install -yqq --no-install-recommends \\\n    a && \\\n\
                 xargs -a /f apt-get install -yqq --no-install-recommends && \\\n\
                 xargs -a /g apt-get install -yqq --no-install-recommends && \\\n{clean}"
            ),
        ),
        (
            "apt.install(files='/f', update=False, clean=False)",
            "xargs -a /f apt-get install -yqq --no-install-recommends\n",
        ),
        (
            "apt.install('a', update=False, clean=False)",
            "apt-get install -yqq --no-install-recommends \\\n    a\n",
        ),
        (
            "apt.install_packages_from_list(['a', 'b'], False)",
            &format!("apt-get install -yqq --no-install-recommends \\\n    a \\\n    b && \\\n{clean}"),
        ),
        (
            "apt.install_packages_from_list('a', clean=False)",
            "apt-get update -yqq && \\\napt-get install -yqq --no-install-recommends \\\n    a",
        ),
        (
            "apt.install_packages_from_file(' /f ', True, False)",
            "apt-get update -yqq && \\\nxargs -a /f apt-get install -yqq --no-install-recommends",
        ),
        (
            "apt.install_packages_from_file('/f', False)",
            &format!("xargs -a /f apt-get install -yqq --no-install-recommends && \\\n{clean}"),
        ),
        (
            "apt.run_install(packages=['a', 'b'], files='/f')",
            "RUN apt-get update -yqq && \\\n    apt-get install -yqq --no-install-recommends \\\n        a \\\n        b && \\\n    \
             xargs -a /f apt-get install -yqq --no-install-recommends && \\\n    apt-get clean -yqq && \\\n    \
             rm -rf /var/lib/apt/lists/*",
        ),
    ]);
    refused(&[
        ("apt.install()", "neither packages nor files to install"),
        ("apt.run_install([], '')", "neither packages nor files to install"),
        ("apt.install_packages_from_list([])", "no packages to install"),
    ]);
}

#[test]
fn apt_updates_and_knows_repositories() {
    let upgrade = "apt-get update -yqq --fix-missing && \\\napt-get upgrade -yqq && \\\napt-get dist-upgrade -yqq && \\\n\
                   apt-get autoremove -yqq --purge";
    check(&[
        ("apt.update_upgrade(False)", upgrade),
        (
            "apt.update_upgrade()",
            &format!("{upgrade} && \\\napt-get clean -yqq && \\\nrm -rf /var/lib/apt/lists/*"),
        ),
        (
            "apt.run_update_upgrade()",
            &format!(
                "RUN {} && \\\n    apt-get clean -yqq && \\\n    rm -rf /var/lib/apt/lists/*",
                upgrade.replace('\n', "\n    ")
            ),
        ),
        (
            "apt.setup_posit_repo('pro')",
            "bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/pro/setup.deb.sh')\"",
        ),
        (
            "apt.run_setup_posit_repo('open', codename='noble')",
            "RUN codename=noble bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/open/setup.deb.sh')\"",
        ),
        (
            "apt.configure_retries()",
            "echo 'Acquire::Retries \"3\"; Acquire::http::Timeout \"30\"; Acquire::https::Timeout \"30\";' > \
             /etc/apt/apt.conf.d/99-retries",
        ),
        (
            "apt.configure_retries(retries=5, timeout=60)",
            "echo 'Acquire::Retries \"5\"; Acquire::http::Timeout \"60\"; Acquire::https::Timeout \"60\";' > \
             /etc/apt/apt.conf.d/99-retries",
        ),
    ]);
    refused(&[("apt.setup_posit_repo('x')", "a repository of Posit is \"pro\" or \"open\", not \"x\"")]);
}

#[test]
fn apt_sets_an_image_up() {
    let retries = "echo 'Acquire::Retries \"3\"; Acquire::http::Timeout \"30\"; Acquire::https::Timeout \"30\";' > \
                   /etc/apt/apt.conf.d/99-retries";
    let tools = "apt-get update -yqq --fix-missing && \\\napt-get upgrade -yqq && \\\napt-get dist-upgrade -yqq && \\\n\
                 apt-get autoremove -yqq --purge && \\\napt-get install -yqq --no-install-recommends \\\n    curl \\\n    \
                 ca-certificates \\\n    gnupg \\\n    tar";
    let locales =
        "apt-get install -yqq --no-install-recommends locales && \\\nlocaledef -i en_US -f UTF-8 en_US.UTF-8";
    let clean = "apt-get clean -yqq && \\\nrm -rf /var/lib/apt/lists/*";
    let repo =
        |name: &str| format!("bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/{name}/setup.deb.sh')\"");
    let (pro, open) = (repo("pro"), repo("open"));
    let whole = format!("{retries} && \\\n{tools} && \\\n{locales} && \\\n{pro} && \\\n{clean}");
    check(&[
        ("apt.setup()", &whole),
        ("apt.setup(False, pro_repo=False, locale=None)", &format!("{retries} && \\\n{tools}")),
        (
            "apt.setup(codename='noble', open_repo=True, locale='')",
            &format!(
                "{retries} && \\\n{tools} && \\\ncodename=noble {pro} && \\\ncodename=noble {open} && \\\n{clean}"
            ),
        ),
        ("apt.configure_locale()", locales),
        ("apt.configure_locale('de_DE.UTF-8')", &locales.replace("en_US", "de_DE")),
        ("apt.locale_env()", "ENV LANG=en_US.UTF-8\nENV LANGUAGE=en_US:en\nENV LC_ALL=en_US.UTF-8"),
        (
            "apt.run_setup()",
            &format!(
                "RUN {}\nENV LANG=en_US.UTF-8\nENV LANGUAGE=en_US:en\nENV LC_ALL=en_US.UTF-8",
                whole.replace('\n', "\n    ")
            ),
        ),
        (
            "apt.run_setup(pro_repo=False, locale=False)",
            &format!("RUN {}", format!("{retries} && \\\n{tools} && \\\n{clean}").replace('\n', "\n    ")),
        ),
    ]);
    refused(&[
        ("apt.configure_locale('C')", "a locale is written like \"en_US.UTF-8\", not \"C\""),
        ("apt.locale_env('C.UTF-8')", "a locale is written like \"en_US.UTF-8\", not \"C.UTF-8\""),
    ]);
}

#[test]
fn dnf_does_the_same_for_its_family() {
    let setup = "dnf upgrade -yq && \\\ndnf install -yq --allowerasing \\\n    curl \\\n    ca-certificates \\\n    findutils \\\n    \
                 gnupg \\\n    tar";
    let repo =
        |name: &str| format!("bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/{name}/setup.rpm.sh')\"");
    let (pro, open) = (repo("pro"), repo("open"));
    check(&[
        ("dnf.global_options", "-yq"),
        ("dnf.clean_command()", "dnf clean all -yq"),
        ("dnf.update_upgrade(False)", "dnf upgrade -yq"),
        ("dnf.update_upgrade()", "dnf upgrade -yq && \\\ndnf clean all -yq"),
        ("dnf.run_update_upgrade()", "RUN dnf upgrade -yq && \\\n    dnf clean all -yq"),
        ("dnf.setup_posit_repo('open')", &open),
        ("dnf.run_setup_posit_repo('pro')", &format!("RUN {pro}")),
        (
            "dnf.install_packages_from_list('a,b')",
            "dnf install -yq \\\n    a \\\n    b && \\\ndnf clean all -yq",
        ),
        ("dnf.install_packages_from_list(['a'], False)", "dnf install -yq \\\n    a"),
        ("dnf.install_packages_from_file('/f')", "xargs -a /f dnf install -yq && \\\ndnf clean all -yq"),
        ("dnf.install_packages_from_file(' /f', clean=False)", "xargs -a  /f dnf install -yq"),
        (
            "dnf.install(['a'], '/f, /g')",
            "dnf install -yq \\\n    a && \\\nxargs -a /f dnf install -yq && \\\nxargs -a /g dnf install -yq && \\\ndnf clean all -yq",
        ),
        ("dnf.install('a', clean=False)", "dnf install -yq \\\n    a\n"),
        ("dnf.install(files=['/f'], clean=False)", "xargs -a /f dnf install -yq\n"),
        (
            "dnf.run_install(packages='a,b', files='/f')",
            "RUN dnf install -yq \\\n        a \\\n        b && \\\n    xargs -a /f dnf install -yq && \\\n    dnf clean all -yq",
        ),
        ("dnf.setup()", &format!("{setup} && \\\n{pro} && \\\ndnf clean all -yq")),
        ("dnf.setup(False, False, True)", &format!("{setup} && \\\n{open}")),
        (
            "dnf.run_setup(pro_repo=False)",
            &format!("RUN {}", format!("{setup} && \\\ndnf clean all -yq").replace('\n', "\n    ")),
        ),
    ]);
    refused(&[
        ("dnf.install()", "neither packages nor files to install"),
        ("dnf.setup_posit_repo('')", "a repository of Posit is \"pro\" or \"open\", not \"\""),
    ]);
}

#[test]
fn python_is_built_in_a_stage_of_its_own() {
    let stage = "FROM ghcr.io/astral-sh/uv:debian-slim AS python-builder\n\nENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy\n\
                 ENV UV_PYTHON_INSTALL_DIR=/opt/python\nENV UV_PYTHON_PREFERENCE=only-managed\n";
    check(&[
        (
            "python.build_stage(['3.12.11', '3.11.9'])",
            &format!(
                "{stage}RUN uv python install 3.12.11 3.11.9\nRUN mv /opt/python/cpython-3.12.11-linux-*/ /opt/python/3.12.11 && \\\n    \
                 mv /opt/python/cpython-3.11.9-linux-*/ /opt/python/3.11.9\n"
            ),
        ),
        (
            "python.build_stage(python.build_arg(), prerun=python.declare_build_arg() ~ '\n')",
            &format!(
                "{stage}\nARG PYTHON_VERSION\nRUN uv python install $PYTHON_VERSION\n\
                 RUN mv /opt/python/cpython-$PYTHON_VERSION-linux-*/ /opt/python/$PYTHON_VERSION\n"
            ),
        ),
        ("python.copy_from_build_stage()", "COPY --from=python-builder /opt/python /opt/python"),
        ("python.declare_build_arg()", "ARG PYTHON_VERSION"),
        ("python.declare_build_arg('P', default='3.13')", "ARG P=3.13"),
        ("python.build_arg('P')", "$P"),
        ("python.get_version_directory(' 3.13 ')", "/opt/python/ 3.13 "),
        ("python.run_uv_python_install('3.13, 3.12')", "RUN uv python install 3.13 3.12"),
        (
            "python.run_normalize_uv_python_paths('3.13, 3.12')",
            "RUN mv /opt/python/cpython-3.13-linux-*/ /opt/python/3.13 && \\\nmv /opt/python/cpython-3.12-linux-*/ /opt/python/3.12\n",
        ),
        ("python.symlink_version('3.13', '/x')", "ln -s /opt/python/3.13 /x"),
        ("python.symlink_binary('3.13', 'pip', '/x')", "ln -s /opt/python/3.13/bin/pip /x"),
    ]);
}

#[test]
fn python_installs_packages() {
    let pip = "/opt/python/3.13/bin/pip install --no-cache-dir --upgrade --break-system-packages";
    check(&[
        ("python.pip_install_command('3.13')", pip),
        (
            "python.pip_install_command('3.13', False)",
            "/opt/python/3.13/bin/pip install --no-cache-dir --upgrade",
        ),
        ("python.install_packages('3.13', 'a, b')", &format!("{pip} \\\n    a \\\n    b")),
        (
            "python.install_packages('3.13', ['a'], ['/r', '/s'])",
            &format!("{pip} \\\n    a \\\n    -r /r \\\n    -r /s && \\\nrm -f /r /s"),
        ),
        (
            "python.install_packages('3.13', requirements_files='/r', clean=False)",
            &format!("{pip} \\\n    -r /r"),
        ),
        ("python.install_packages('3.13')", &format!("{pip} \\")),
        (
            "python.run_install_packages(['3.13', '3.12'], ['a'], requirements_file='/r')",
            &format!(
                "RUN {pip} \\\n        a \\\n        -r /r && \\\n    rm -f /r\nRUN {} \\\n        a \\\n        -r /r && \\\n    rm -f /r",
                pip.replace("3.13", "3.12")
            ),
        ),
        ("python.run_install_packages('3.13', 'a')", &format!("RUN {pip} \\\n        a")),
    ]);
}

#[test]
fn jupyter_is_installed_for_workbench() {
    let begin = "/opt/python/3.13/bin/python -m venv /opt/python/jupyter && \\\n\
                 /opt/python/jupyter/bin/pip install --no-cache-dir --upgrade pip setuptools wheel && \\\n\
                 /opt/python/jupyter/bin/pip install --no-cache-dir --upgrade \\\n";
    let tests = "rm -rf /opt/python/jupyter/lib/python*/site-packages/jupyterlab/tests && \\\n\
                 rm -rf /opt/python/jupyter/lib/python*/site-packages/jupyterlab/galata && \\\n";
    let staging = "rm -f /opt/python/jupyter/lib/python*/site-packages/jupyterlab/staging/yarn.lock && \\\n";
    let link = "ln -s /opt/python/jupyter/bin/jupyter /usr/local/bin/jupyter";
    let plain = "    \"jupyterlab\" \\\n    notebook \\\n    \"pwb_jupyterlab\"";
    let whole = format!("{begin}{plain} && \\\n{tests}{staging}{link}");
    check(&[
        ("python.install_jupyterlab_workbench('3.13')", &whole),
        ("python.install_jupyterlab_workbench(['3.13', '3.12'])", &whole),
        (
            "python.run_install_jupyterlab_workbench('3.13')",
            &format!("RUN {}", whole.replace('\n', "\n    ")),
        ),
        (
            "python.install_jupyterlab_workbench('3.13', 'lab', strip_tests=False)",
            &format!("{begin}{plain} && \\\n{staging}{link}")
                .replace("/opt/python/jupyter", "/opt/python/lab"),
        ),
        (
            "python.install_jupyterlab_workbench('3.13', jupyterlab_version_pin='<5', pwb_jupyterlab_version_pin='<2', \
             extra_packages=['a', 'b'], strip_staging=False)",
            &format!(
                "{begin}    \"jupyterlab<5\" \\\n    notebook \\\n    \"pwb_jupyterlab<2\" \\\n    a \\\n    b && \\\n{tests}{link}"
            ),
        ),
    ]);
}

#[test]
fn quarto_is_installed_and_held() {
    let deb = "bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/open/setup.deb.sh')\" && \\\n\
               apt-get install -yqq --no-install-recommends \\\n    quarto=1.8.27";
    let held = " && \\\napt-mark hold quarto && \\\napt-get clean -yqq && \\\nrm -rf /var/lib/apt/lists/*";
    let rpm = "bash -c \"$(curl -1fsSL 'https://dl.posit.co/public/open/setup.rpm.sh')\" && \\\n\
               dnf install -yq \\\n    quarto-1.8.27 \\\n    'dnf-command(versionlock)'";
    let locked = " && \\\ndnf versionlock add quarto && \\\ndnf clean all -yq";
    let token = "GH_TOKEN=\"$([ -s /run/secrets/github_token ] && cat /run/secrets/github_token)\"";
    let tinytex = format!("{token} CI=true /opt/quarto/bin/quarto install tinytex --no-prompt");
    check(&[
        ("quarto.install('1.8.27')", &format!("{deb}{held}")),
        ("quarto.install('1.8.27', codename='noble')", &format!("codename=noble {deb}{held}")),
        ("quarto.install('1.8.27', True)", &format!("{deb} \\\n    xz-utils{held} && \\\n{tinytex}")),
        ("quarto.install('1.8.27', os_family='rhel')", &format!("{rpm}{locked}")),
        (
            "quarto.install('1.8.27', with_tinytex=True, tinytex_update_path=True, os_family='rhel')",
            &format!("{rpm} \\\n    xz{locked} && \\\n{tinytex} --update-path"),
        ),
        (
            "quarto.run_install(['1.8.27'])",
            &format!("RUN {}", format!("{deb}{held}").replace('\n', "\n    ")),
        ),
        (
            "quarto.run_install('1.8.27', with_tinytex=True)",
            &format!(
                "RUN --mount=type=secret,id=github_token,required=false {}",
                format!("{deb} \\\n    xz-utils{held} && \\\n{tinytex}").replace('\n', "\n    ")
            ),
        ),
        (
            "quarto.install_tinytex_command('/q/bin/quarto', True, '/opt')",
            &format!("{token} HOME=\"/opt\" CI=true /q/bin/quarto install tinytex --no-prompt --update-path"),
        ),
        ("quarto.github_token_secret_mount()", "--mount=type=secret,id=github_token,required=false"),
        ("quarto.get_directory('1')", "/opt/quarto"),
        ("quarto.get_version_directory()", "/opt/quarto"),
        ("quarto.symlink_binary('1', 'quarto', '/x')", "ln -s /opt/quarto/bin/quarto /x"),
        ("quarto.symlink_version('1', '/x')", "ln -s /opt/quarto /x"),
        ("quarto.declare_build_arg(default='1')", "ARG QUARTO_VERSION=1"),
        ("quarto.build_arg()", "$QUARTO_VERSION"),
    ]);
    refused(&[
        ("quarto.run_install(['1', '2'])", "an image has one version of Quarto, not 2"),
        (
            "quarto.install('1', os_family='sles')",
            "quarto can be installed on the families \"debian\" and \"rhel\", not \"sles\"",
        ),
    ]);
}

#[test]
fn r_is_installed_with_packages() {
    let install = |version: &str| {
        format!(
            "RUN_UNATTENDED=1 R_VERSION={version} bash -c \"$(curl -fsSL https://rstd.io/r-install)\" && \\\n\
             find . -type f -name '[rR]-{version}.*\\.(deb|rpm)' -delete"
        )
    };
    let packages = |version: &str, what: &str| {
        format!(
            "/opt/R/{version}/bin/R --vanilla -e 'install.packages({what}, repos=\"https://p3m.dev/cran/latest\", clean = TRUE)'"
        )
    };
    let (list, file) = (packages("4.6", "c(\"a\", \"b\")"), packages("4.6", "readLines(\"/f\")"));
    check(&[
        ("r.install('4.6.1')", &install("4.6.1")),
        (
            "r.run_install('4.6.1, 4.5.3')",
            &format!(
                "RUN {}\nRUN {}",
                install("4.6.1").replace('\n', "\n    "),
                install("4.5.3").replace('\n', "\n    ")
            ),
        ),
        ("r.get_version_directory(' 4.6 ')", "/opt/R/4.6"),
        ("r.r_expression('4.6', ' q() ')", "/opt/R/4.6/bin/R --vanilla -e 'q()'"),
        ("r.install_packages_from_list('4.6', 'a, b')", &list),
        ("r.install_packages_from_file('4.6', '/f')", &file),
        ("r.install_packages('4.6', ['a', 'b'])", &format!("{list}\n")),
        ("r.install_packages('4.6', ['a', 'b'], '/f')", &format!("{list} && \\\n{file} && \\\nrm -f /f")),
        (
            "r.install_packages('4.6', package_list_files=['/f', '/g'], clean=False)",
            &format!("{file} && \\\n{}", file.replace("/f", "/g")),
        ),
        ("r.run_install_packages('4.6', 'a,b')", &format!("RUN {list}\n")),
        (
            "r.run_install_packages(['4.6', '4.5'], None, '/f')",
            &format!(
                "RUN {file} && \\\n    rm -f /f\nRUN {} && \\\n    rm -f /f",
                packages("4.5", "readLines(\"/f\")")
            ),
        ),
        ("r.get_p3m_cran_repo(None)", "https://p3m.dev/cran/latest"),
        ("r.get_p3m_cran_repo({'Name': 'unknown'})", "https://p3m.dev/cran/latest"),
        (
            "r.get_p3m_cran_repo({'Name': 'ubuntu', 'Codename': 'noble'})",
            "https://p3m.dev/cran/__linux__/noble/latest",
        ),
        (
            "r.get_p3m_cran_repo({'Name': 'rocky', 'Version': '9'})",
            "https://p3m.dev/cran/__linux__/rhel9/latest",
        ),
        ("r.symlink_version('4.6', '/x')", "ln -s /opt/R/4.6 /x"),
        ("r.symlink_binary('4.6', 'R', '/x')", "ln -s /opt/R/4.6/bin/R /x"),
        ("r.declare_build_arg()", "ARG R_VERSION"),
        ("r.build_arg()", "$R_VERSION"),
    ]);
}

#[test]
fn goss_files_read_build_arguments() {
    check(&[("goss.build_arg_env_var('R_VERSION')", "{{ .Env.BUILD_ARG_R_VERSION }}")]);
}

#[test]
fn calls_are_written_in_many_ways() {
    let template = "\
{%- import \"apt.j2\" as apt -%}
{%- from \"quarto.j2\" import symlink_binary as link, get_version_directory as dir -%}
{%- import \"python.j2\" as python -%}
{{ python.build_stage(Dependencies.python) }}

{% for version in Dependencies.python -%}
RUN {{ python.install_packages(version, [\"ipykernel\"], break_system_packages = loop.first) | indent(8) }}
{% endfor -%}
RUN {{ apt.install( [\"a\"], clean=False ) | indent(4) | trim }} && \\
    {{ apt.clean_command() | indent(4) }}
RUN {{ link(Dependencies.quarto.0, \"quarto\", \"/usr/local/bin/quarto\") }}
ENV QUARTO={{ dir(Dependencies.quarto[0]) + \"/bin/quarto\" }}
";
    let want = "\
FROM ghcr.io/astral-sh/uv:debian-slim AS python-builder

ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
ENV UV_PYTHON_INSTALL_DIR=/opt/python
ENV UV_PYTHON_PREFERENCE=only-managed
RUN uv python install 3.14.6 3.13.9
RUN mv /opt/python/cpython-3.14.6-linux-*/ /opt/python/3.14.6 && \\
    mv /opt/python/cpython-3.13.9-linux-*/ /opt/python/3.13.9


RUN /opt/python/3.14.6/bin/pip install --no-cache-dir --upgrade --break-system-packages \\
            ipykernel
RUN /opt/python/3.13.9/bin/pip install --no-cache-dir --upgrade \\
            ipykernel
RUN apt-get update -yqq && \\
    apt-get install -yqq --no-install-recommends \\
        a && \\
    apt-get clean -yqq && \\
    rm -rf /var/lib/apt/lists/*
RUN ln -s /opt/quarto/bin/quarto /usr/local/bin/quarto
ENV QUARTO=/opt/quarto/bin/quarto
";
    assert_eq!(text(template).unwrap(), want);
}

#[test]
fn an_image_s_own_file_comes_first_then_the_project_s_then_the_library() {
    let config = config(crate::support::PLAIN);
    let template = "{% import 'apt.j2' as apt %}{{ apt.clean_command() }}";
    let own = ("apt.j2", "{% macro clean_command() %}own{% endmacro %}");
    let macros = [
        tree("macros", &[("apt.j2", "{% macro clean_command() %}project{% endmacro %}")]),
        tree("more", &[("apt.j2", "{% macro clean_command() %}second{% endmacro %}")]),
    ];
    for (files, macros, want) in [
        (vec![("x.jinja2", template), own], &macros[..], "own\n"),
        (vec![("x.jinja2", template)], &macros[..], "project\n"),
        (vec![("x.jinja2", template)], &macros[1..], "second\n"),
        (vec![("x.jinja2", template)], &[], "apt-get clean -yqq && \\\nrm -rf /var/lib/apt/lists/*\n"),
    ] {
        let rendered =
            bakery_render::render(&folder(&config), &tree("connect/template", &files), macros).unwrap();
        assert_eq!(rendered.tree.file("x").unwrap().bytes, want.as_bytes());
        assert_eq!(rendered.tree.files.len(), files.len(), "macro folders are not copied");
    }
}

#[test]
fn the_reference_page_names_every_macro() {
    const PAGE: &str = include_str!("../../../../../docs/reference/templates.md");
    const FILES: [(&str, &str); 6] = [
        ("apt.j2", include_str!("../../src/library/apt.j2")),
        ("dnf.j2", include_str!("../../src/library/dnf.j2")),
        ("goss.j2", include_str!("../../src/library/goss.j2")),
        ("python.j2", include_str!("../../src/library/python.j2")),
        ("quarto.j2", include_str!("../../src/library/quarto.j2")),
        ("r.j2", include_str!("../../src/library/r.j2")),
    ];
    for (name, text) in FILES {
        let row = PAGE.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        let macros: Vec<&str> = text
            .split("macro ")
            .skip(1)
            .filter_map(|rest| rest.split_once('('))
            .map(|(name, _)| name)
            .filter(|name| {
                !name.starts_with('_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            })
            .collect();
        assert!(!macros.is_empty(), "{name}");
        for one in macros {
            assert!(row.contains(&format!("`{one}")), "{name}: `{one}` is not on the page");
        }
    }
}
