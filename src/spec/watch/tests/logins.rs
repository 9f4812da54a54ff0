use super::super::{DjangoUsers, Login, Readers, Right, Secret, Users};
use super::*;

fn lines(lines: &str) -> String {
    format!("{WATCH}[watch.login]\n{lines}")
}

#[track_caller]
fn login(text: &str) -> Login {
    watch(&lines(text)).login.expect("a login")
}

#[track_caller]
fn right(word: &str) -> Right {
    let text = format!("django = {{ secret = \"db\" }}\nrequire = \"{word}\"\n");
    match login(&text).users {
        Users::Django(django) => django.require,
        Users::File(path) => panic!("{path}"),
    }
}

#[test]
fn nobody_can_log_in_where_the_file_does_not_say_who() {
    assert_eq!(watch(WATCH).login, None);
}

#[test]
fn users_are_of_a_file_or_of_a_django_project_whose_staff_may_steer() {
    let it = login("users = \"users.txt\"\n");
    assert_eq!(it.users, Users::File("users.txt".to_owned()));
    assert_eq!(it.reading, Readers::Everybody);
    let it = login("django = { secret = \"site\" }\nreading = \"login\"\n");
    let django = DjangoUsers {
        database: Secret::Named("site".to_owned()),
        table: "auth_user".to_owned(),
        column: "username".to_owned(),
        require: Right::Staff,
    };
    assert_eq!(it.users, Users::Django(django));
    assert_eq!(it.reading, Readers::Users);
    let it = login(
        "django = \"sqlite:///srv/db.sqlite3\"\ntable = \"accounts_user\"\ncolumn = \"email\"\n",
    );
    let django = DjangoUsers {
        database: Secret::Plain("sqlite:///srv/db.sqlite3".to_owned()),
        table: "accounts_user".to_owned(),
        column: "email".to_owned(),
        require: Right::Staff,
    };
    assert_eq!(it.users, Users::Django(django));
}

#[test]
fn what_it_takes_to_steer_is_a_word_as_it_is_shown() {
    let permission = Right::Permission {
        app: "farm".to_owned(),
        codename: "steer.it".to_owned(),
    };
    for (word, expected) in [
        ("active", Right::Active),
        ("staff", Right::Staff),
        ("superuser", Right::Superuser),
        (
            "group:Release managers",
            Right::Group("Release managers".to_owned()),
        ),
        ("permission:farm.steer.it", permission),
    ] {
        assert_eq!(right(word), expected);
        assert_eq!(expected.to_string(), word);
    }
}

#[test]
fn what_is_wrong_with_a_login_is_told_where_it_is() {
    are_told(
        |text| problem(&lines(text)),
        &[
            ("", "3:1", "who the users are"),
            ("reading = \"open\"\n", "3:1", "who the users are"),
            ("user = \"x\"\n", "4:1", "did you mean users?"),
            ("users = \"\"\n", "4:9", "says nothing"),
            (
                "users = \"x\"\nrequire = \"staff\"\n",
                "5:11",
                "require does not go with users",
            ),
            (
                "users = \"x\"\ndjango = \"sqlite:///x\"\n",
                "5:10",
                "django does not go with users",
            ),
            (
                "users = \"x\"\nreading = \"logins\"\n",
                "5:11",
                "did you mean login?",
            ),
            ("django = \"oracle://x/y\"\n", "4:10", "no address"),
            ("django = \"db.sqlite3\"\n", "4:10", "no address"),
            ("django = 3\n", "4:10", "{ secret = \"NAME\" }"),
            (
                "django = \"sqlite:///x\"\nrequire = \"stuff\"\n",
                "5:11",
                "group:NAME",
            ),
            (
                "django = \"sqlite:///x\"\nrequire = \"permission:steer\"\n",
                "5:11",
                "app.codename",
            ),
            (
                "django = \"sqlite:///x\"\nrequire = \"group:\"\n",
                "5:11",
                "no right",
            ),
            (
                "django = \"sqlite:///x\"\ntable = \"a; DROP\"\n",
                "5:9",
                "no name in a database",
            ),
            (
                "django = \"sqlite:///x\"\ncolumn = \"\"\n",
                "5:10",
                "no name in a database",
            ),
        ],
    );
    let table = problem(&format!("{WATCH}login = \"x\"\n"));
    assert!(table.contains("[watch.login]"), "{table}");
}

#[test]
fn a_password_in_the_address_is_refused_and_not_repeated() {
    for address in [
        "postgresql://u:HIDDEN@host/site",
        "mysql://u:HIDDEN@host/site",
        "postgresql://u@host/site?password=HIDDEN",
    ] {
        let problem = problem(&lines(&format!("django = \"{address}\"\n")));
        assert!(problem.contains("secret"), "{problem}");
        assert!(!problem.contains("HIDDEN"), "{problem}");
    }
}
